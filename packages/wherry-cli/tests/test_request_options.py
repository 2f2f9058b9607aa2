"""What texts on the command line mean."""

import io
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cli._request_options import (
    URLENCODED,
    Content,
    FileField,
    Form,
    FormField,
    HeaderField,
    RequestPlan,
    TextField,
    choose_body,
    parse_form_field,
    parse_header,
    read_text,
)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("A: b", HeaderField("A", "b")),
        ("A:b:c", HeaderField("A", "b:c")),
        ("A:  b\t", HeaderField("A", "b")),
        ("A:", HeaderField("A", None)),
        ("A: ", HeaderField("A", None)),
        ("A;", HeaderField("A", "")),
        ("A: ;", HeaderField("A", ";")),
    ],
)
def test_header_texts(text: str, field: HeaderField) -> None:
    """As in curl: a colon without value leaves out, a semicolon sends empty."""
    assert parse_header(text) == field


@pytest.mark.parametrize("text", ["", ":", ": x", "A", "A : b", " A: b", ";"])
def test_header_text_without_a_name_is_refused(text: str) -> None:
    """RFC 9112 §5.1 allows no blanks around a name."""
    with pytest.raises(ValueError, match="expected 'Name: value'"):
        parse_header(text)


def test_refused_header_is_not_repeated() -> None:
    """`-H "$TOKEN"` instead of `-H "Authorization: $TOKEN"`."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - any text but one
        parse_header("s3cret")

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("a=b", TextField("a", "b")),
        ("a=", TextField("a", "")),
        ("a=b=c;type=d", TextField("a", "b=c;type=d")),
        ("a=@f", FileField("a", Path("f"))),
        ("a=@d/f;x.txt", FileField("a", Path("d/f;x.txt"))),
        ("a=@f;type=text/plain;charset=x", FileField("a", Path("f"), "text/plain;charset=x")),
        ("a=@f;filename=g;type=t/u", FileField("a", Path("f"), "t/u", "g")),
    ],
)
def test_form_texts(text: str, field: FormField) -> None:
    """A text is taken whole; behind a file, only `;type=` and `;filename=` mean something."""
    assert parse_form_field(text) == field


@pytest.mark.parametrize("text", ["", "a", "=b", "@f"])
def test_form_text_without_a_name_is_refused(text: str) -> None:
    """RFC 7578 §4.2: a form field has a name."""
    with pytest.raises(ValueError, match="expected name=value"):
        parse_form_field(text)


@given(st.text())
def test_any_text_is_a_field_or_a_value_error(text: str) -> None:
    """Nothing else comes out, so nothing else has to be reported."""
    for parse in (parse_header, parse_form_field):
        try:
            parse(text)
        except ValueError:
            pass


@given(st.binary())
def test_stdin_is_read_byte_by_byte(data: bytes) -> None:
    """`@-`; only -d drops line ends and NULs, as curl does."""
    assert read_text("@-", io.BytesIO(data)) == data
    body = choose_body(["@-"], [], None, io.BytesIO(data))
    assert isinstance(body, Content)
    assert body.data == bytes(byte for byte in data if byte not in b"\r\n\0")


def test_bodies(tmp_path: Path) -> None:
    """Which option makes which body."""
    (tmp_path / "f").write_bytes(b"1\n")
    field = TextField("a", "b")

    assert choose_body([], [], None) is None
    assert choose_body(["a\n", f"@{tmp_path / 'f'}"], [], None) == Content(b"a\n&1", URLENCODED)
    assert choose_body([""], [], None) == Content(b"", URLENCODED)
    assert choose_body([], [field], None) == Form((field,))
    json = "application/json"
    assert choose_body([], [], "") == Content(b"", json, json)
    assert choose_body([], [], f"@{tmp_path / 'f'}") == Content(b"1\n", json, json)


def test_two_bodies_are_a_usage_error() -> None:
    """The error names both options."""
    with pytest.raises(click.UsageError, match="-d and --json"):
        choose_body(["a"], [], "{}")


def test_fields_of_the_body_give_way_to_those_of_the_user() -> None:
    """Whether they have a value or are left out."""
    body = Content(b"", "application/json", "application/json")
    fields = (HeaderField("ACCEPT", "text/x"), HeaderField("content-type", None))
    plan = RequestPlan("u", "GET", fields, body)

    assert plan.headers() == [("ACCEPT", "text/x")]
    assert plan.skipped_headers() == ["content-type"]
