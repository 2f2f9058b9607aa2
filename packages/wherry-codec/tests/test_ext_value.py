"""Values that bring their own character set."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec._ext_value import decode_ext_value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iso-8859-1'en'%A3%20rates", "£ rates"),
        ("UTF-8''%c2%a3%20and%20%e2%82%ac%20rates", "£ and € rates"),
        ("utf-8'en-GB'plain", "plain"),
        ("UTF-8''", ""),
    ],
)
def test_value_is_decoded_with_its_character_set(text: str, expected: str) -> None:
    """RFC 8187 §3.2.2, whose examples two of these are."""
    assert decode_ext_value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "UTF-8'plain",
        "UTF-16''a",
        "UTF-8''a b",
        "UTF-8''é",
        "UTF-8''%4",
        "UTF-8''%ff",
        "UTF-8''%zz",
        "UTF-8'e n'a",
        "\u017ftf-8''a",
    ],
)
def test_malformed_value_says_nothing(text: str) -> None:
    """RFC 8187 §3.2.1: unknown sets, stray characters, broken escapes, broken UTF-8."""
    assert decode_ext_value(text) is None


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_round_trips(text: str) -> None:
    """Every byte may be percent-encoded."""
    coded = "".join(f"%{byte:02X}" for byte in text.encode())

    assert decode_ext_value(f"UTF-8''{coded}") == text
