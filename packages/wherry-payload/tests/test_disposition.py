"""Writing Content-Disposition: escaping that no server misreads."""

from email.message import Message
from email.utils import collapse_rfc2231_value

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
