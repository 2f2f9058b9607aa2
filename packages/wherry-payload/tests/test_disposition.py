"""Writing Content-Disposition: escaping that no server misreads."""

from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_payload import content_disposition_header

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"])
)


def test_ascii_values_are_quoted() -> None:
    """S-297: an ASCII name goes out in plain quotes."""
    header = content_disposition_header("form-data", {"name": "a b"})

    assert header == 'form-data; name="a b"'


def test_filename_is_percent_encoded_utf8() -> None:
    """S-297: a file name is percent-encoded UTF-8 in plain quotes."""
    header = content_disposition_header("form-data", {"filename": 'é "x".txt'})

    assert header == 'form-data; filename="%C3%A9%20%22x%22.txt"'


def test_other_value_outside_ascii_is_an_extended_parameter() -> None:
    """S-297, RFC 8187 §3.2: a non-ASCII name becomes name*=utf-8''..."""
    header = content_disposition_header("form-data", {"name": "é"})

    assert header == "form-data; name*=utf-8''%C3%A9"


def test_without_quote_fields_text_stays_and_quotes_are_escaped() -> None:
    """S-297: raw text with a backslash before quote and backslash."""
    params = {"name": 'é"\\', "filename": 'ü".t'}

    header = content_disposition_header("form-data", params, quote_fields=False)

    assert header == 'form-data; name="é\\"\\\\"; filename="ü\\".t"'


@pytest.mark.parametrize(
    ("value", "name", "filename"),
    [
        ("a b", "a b", "a b"),
        ("é⛴", "é⛴", "é⛴"),
        ('"', "%22", "%22"),
        ("\\%22;=", "\\%22;=", "\\%22;="),
        ("\r\n", "%0D%0A", "%0D%0A"),
        ("a\nb\rc", "a%0D%0Ab%0D%0Ac", "a%0Ab%0Dc"),
    ],
)
def test_values_can_be_written_as_browsers_do(value: str, name: str, filename: str) -> None:
    """HTML standard, "Multipart form data": three escapes; names have one kind of line break."""
    params = {"name": value, "filename": value}

    header = content_disposition_header("form-data", params, quote_fields="whatwg")

    assert header == f'form-data; name="{name}"; filename="{filename}"'


@pytest.mark.parametrize("control", ["\x00", "\t", "\x0b", "\x0c", "\x1f", "\x7f"])
def test_other_control_characters_are_refused_even_so(control: str) -> None:
    """SEC-2: browsers would send them as they are."""
    with pytest.raises(ValueError, match="control character"):
        content_disposition_header("form-data", {"name": control}, quote_fields="whatwg")


@pytest.mark.parametrize("way", ["WHATWG", "", None, 2])
def test_there_is_no_fourth_way(way: Any) -> None:
    """S-297: True, False, or "whatwg"."""
    with pytest.raises(ValueError, match="quote_fields"):
        content_disposition_header("form-data", {}, quote_fields=way)


@pytest.mark.parametrize("control", ["\r\nX: y", "\n", "\x00", "\x7f", "\t"])
@pytest.mark.parametrize("quote_fields", [True, False])
@pytest.mark.parametrize("key", ["name", "filename"])
def test_control_characters_are_refused(control: str, quote_fields: bool, key: str) -> None:
    """SEC-2: no control character gets into the header, escaped or not."""
    with pytest.raises(ValueError, match="control character"):
        content_disposition_header("form-data", {key: f"a{control}"}, quote_fields=quote_fields)


@pytest.mark.parametrize("bad", ["", "form data", "a;b", "a\r\nb", "é", "a=b"])
def test_type_and_keys_must_be_tokens(bad: str) -> None:
    """SEC-2: neither the type nor a key can bring in another parameter."""
    with pytest.raises(ValueError, match="must be a token"):
        content_disposition_header(bad, {})
    with pytest.raises(ValueError, match="must be a token"):
        content_disposition_header("form-data", {bad: "x"})


def test_file_name_that_is_not_utf8_keeps_its_bytes() -> None:
    """A name the file system gave us as surrogates goes out as the bytes it stands for."""
    header = content_disposition_header("attachment", {"filename": "a\udcff"})

    assert header == 'attachment; filename="a%FF"'


@given(name=TEXT)
def test_names_come_back_from_the_email_parser(name: str) -> None:
    """Another parser reads the same name, whatever it holds."""
    message = Message()
    message["Content-Disposition"] = content_disposition_header("form-data", {"name": name})

    found = message.get_param("name", header="content-disposition")

    # the function would unquote a plain str a second time
    assert (collapse_rfc2231_value(found) if isinstance(found, tuple) else found) == name
