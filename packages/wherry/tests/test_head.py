"""`_head`: heads from templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry._head import HeadTemplate
from wherry_codec import write_request_head

FIELDS = [
    ("Host", "other"), ("X-A", "1"), ("Accept", "*/*"), ("Content-Length", "7"), ("X-B", "2"),
]  # fmt: skip

plain = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


@given(plain, plain, st.integers(0, 10**12), st.booleans())
def test_a_filled_template_is_the_head_written_field_by_field(
    cookie: str, authorization: str, length: int, has_length: bool
) -> None:
    """S-025, S-378."""
    items = FIELDS if has_length else [item for item in FIELDS if item[0] != "Content-Length"]
    prepared = HeadTemplate(items, lead=3).fill(
        "POST", "/x", "h", minor=0, cookie=cookie, authorization=authorization, length=length
    )
    expected = [("Host", "h"), ("X-A", "1"), ("Accept", "*/*")]
    expected += [("Cookie", cookie)] if cookie else []
    expected += [("Authorization", authorization)] if authorization else []
    expected += [("Content-Length", str(length))] if has_length else []
    expected.append(("X-B", "2"))
    assert prepared.data == write_request_head("POST", "/x", expected, 0)
    assert list(prepared.fields().items()) == expected


@pytest.mark.parametrize(
    "added",
    [
        {"target": "/a b"}, {"host": "h\r\nX: y"}, {"cookie": "a=b\n"}, {"method": "G T"},
        {"authorization": "Basic \0"},
    ],
)  # fmt: skip
def test_what_is_filled_in_is_checked_each_time(added: dict[str, str]) -> None:
    """SEC-1."""
    template = HeadTemplate(FIELDS, lead=3)
    values = {"method": "GET", "target": "/", "host": "h"} | added
    with pytest.raises(ValueError, match=r"control|token|has '"):
        template.fill(**values)  # type: ignore[arg-type]


def test_what_the_template_has_is_checked_when_it_is_made() -> None:
    """SEC-1."""
    with pytest.raises(ValueError, match="X-A"):
        HeadTemplate([("Host", "h"), ("X-A", "\n")], lead=2)


def test_fields_of_one_head_are_not_those_of_another() -> None:
    """SEC-30: changing them changes nothing else."""
    prepared = HeadTemplate(FIELDS, lead=3).fill("GET", "/", "h")
    prepared.fields()["X-A"] = "changed"
    assert prepared.fields()["X-A"] == "1"


def test_text_outside_of_ascii_goes_out_as_utf_8() -> None:
    """S-026."""
    prepared = HeadTemplate([("Host", "h"), ("X-A", "é")], lead=2).fill("GET", "/", "h")
    assert "é".encode() in prepared.data
