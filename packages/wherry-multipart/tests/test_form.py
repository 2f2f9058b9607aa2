"""HTML forms."""

import io
import os
from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict, MultiDictProxy

from wherry_multipart import FormData, MultipartReader, MultipartWriter
from wherry_multipart.form import FormData as SameFormData
from wherry_multipart.testing import MemorySource
from wherry_payload import BytesPayload
from wherry_payload.testing import check_payload

PRINTABLE = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"])
)


def named(data: bytes, name: object = None) -> io.BytesIO:
    file = io.BytesIO(data)
    if name is not None:
        file.name = name
    return file


def body_of(form: FormData) -> bytes:
    data = form().in_memory
    assert data is not None
    return data


def parts_of(form: FormData) -> list[bytes]:
    """The parts without boundaries."""
    payload = form()
    assert isinstance(payload, MultipartWriter)
    boundary = b"--" + payload.boundary.encode()
    body = payload.in_memory
    assert body is not None
    return [part.strip(b"\r\n") for part in body.split(boundary)[1:-1]]


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ((), b""),
        ({}, b""),
        ({"a": "b", "c": "d e"}, b"a=b&c=d+e"),
        ([("a", "b"), ("a", "c")], b"a=b&a=c"),
        ((("a", "b"), ["c", "d"]), b"a=b&c=d"),
        (MultiDict([("a", "1"), ("a", "2")]), b"a=1&a=2"),
        (MultiDictProxy(MultiDict(a="1")), b"a=1"),
        ([{"a": "1"}, ("b", "2"), MultiDict(c="3")], b"a=1&b=2&c=3"),
        ({"a": 1, "b": 1.5, "c": True, "d": ["x", "y"]}, b"a=1&b=1.5&c=True&d=x&d=y"),
        ({"é": "&=+"}, b"%C3%A9=%26%3D%2B"),
        ({1: "a"}, b"1=a"),
    ],
)
async def test_plain_fields_are_urlencoded(fields: Any, body: bytes) -> None:
    """S-290, S-295: all kinds of fields; values through str()."""
    form = FormData(fields)

    assert form.is_multipart is False
    assert await check_payload(form) == body
    assert form().content_type == "application/x-www-form-urlencoded"
    assert isinstance(form(), BytesPayload)


@pytest.mark.parametrize(
    "fields", ["text", 5, None, [5], ["ab"], [("a",)], [("a", "b", "c")], b"x"]
)
def test_other_fields_are_a_type_error(fields: Any) -> None:
    """S-290."""
    with pytest.raises(TypeError, match="form fields"):
        FormData(fields)


@given(pairs=st.lists(st.tuples(PRINTABLE.filter(bool), st.text(st.characters(codec="utf-8")))))
def test_urlencoded_pairs_come_back(pairs: list[tuple[str, str]]) -> None:
    """S-295: the library's parser reads the same pairs."""
    text = body_of(FormData(pairs)).decode("ascii")

    assert parse_qsl(text, keep_blank_values=True) == pairs


def test_charset_of_urlencoded_values() -> None:
    """S-295: named unless it is UTF-8."""
    form = FormData({"a": "é"}, charset="latin-1")

    assert body_of(form) == b"a=%E9"
    assert form().content_type == "application/x-www-form-urlencoded; charset=latin-1"
    assert FormData(charset="utf-8")().content_type == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "kwargs", [{"content_type": "a/b"}, {"filename": "x"}, {"content_type": "a/b", "filename": "x"}]
)
def test_arguments_that_make_a_form_multipart(kwargs: dict[str, str]) -> None:
    """S-291."""
    form = FormData()
    form.add_field("a", "b", **kwargs)

    assert form.is_multipart is True


def test_multipart_from_the_start() -> None:
    """S-290: `default_to_multipart`."""
    form = FormData({"a": "b"}, default_to_multipart=True)

    assert form.is_multipart is True
    assert parts_of(form) == [
        b'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="a"'
        b"\r\n\r\nb"
    ]


async def test_form_with_text_and_file(tmp_path: Path) -> None:
    """S-296, appendix E: order, types, names, and no Content-Length in a part."""
    path = tmp_path / "é x.txt"
    path.write_text("data")
    form = FormData({"a": "b"})
    form.add_field("file", path.open("rb"))

    payload = form()
    boundary = payload.content_type.removeprefix("multipart/form-data; boundary=")

    assert (
        await payload.as_bytes()
        == (
            f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            'Content-Disposition: form-data; name="a"\r\n\r\nb\r\n'
            f"--{boundary}\r\nContent-Type: text/plain\r\n"
            'Content-Disposition: form-data; name="file"; filename="%C3%A9%20x.txt"\r\n\r\ndata\r\n'
            f"--{boundary}--\r\n"
        ).encode()
    )
    assert payload.size == len(await payload.as_bytes())
    await payload.close()


@pytest.mark.parametrize(
    ("name", "filename"),
    [(None, b"field"), ("/a/b.c", b"b.c"), ("<fd>", b"field"), (3, b"field")],
)
def test_file_gets_its_base_name_or_that_of_the_field(name: object, filename: bytes) -> None:
    """S-292."""
    form = FormData({"field": named(b"x", name)})

    assert b'filename="' + filename + b'"' in parts_of(form)[0]


def test_file_without_a_field_name() -> None:
    """S-290: its base name is the name of the field."""
    assert b'name="b.c"; filename="b.c"' in parts_of(FormData(named(b"x", "/a/b.c")))[0]
    assert b'name="unknown"; filename="unknown"' in parts_of(FormData([named(b"x")]))[0]


async def test_path_is_a_file(tmp_path: Path) -> None:
    """A path is opened when the form is sent."""
    path = tmp_path / "x.json"
    path.write_bytes(b"{}")
    form = FormData({"a": path})

    payload = form()

    assert form.is_multipart is True
    assert payload.size == len(await payload.as_bytes())
    assert payload.replayable is True


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), memoryview(b"x")])
def test_bytes_become_a_file_with_a_warning(value: object) -> None:
    """S-293, S-568, S-571."""
    with pytest.warns(DeprecationWarning, match="filename") as caught:
        form = FormData({"a": value})

    assert caught[0].filename == __file__
    assert b'name="a"; filename="a"' in parts_of(form)[0]


def test_bytes_with_a_file_name_do_not_warn() -> None:
    """S-293: nothing is guessed then."""
    form = FormData()
    form.add_field("a", b"x", filename="y.png")

    assert parts_of(form) == [
        b"Content-Type: application/octet-stream\r\n"
        b'Content-Disposition: form-data; name="a"; filename="y.png"\r\n\r\nx'
    ]


def test_transfer_encoding_only_makes_the_form_multipart() -> None:
    """S-294, S-568: deprecated and without effect on the data."""
    form = FormData()
    with pytest.warns(DeprecationWarning, match="content_transfer_encoding") as caught:
        form.add_field("a", "x", content_transfer_encoding="base64")

    assert caught[0].filename == __file__
    assert form.is_multipart is True
    assert parts_of(form)[0].endswith(b"\r\n\r\nx")


@pytest.mark.parametrize(
    "argument", ["content_type", "filename", "content_transfer_encoding", "name"]
)
def test_arguments_must_be_text(argument: str) -> None:
    """S-291."""
    with pytest.raises(TypeError, match=argument):
        FormData().add_field(**{"name": "a", "value": "b", argument: b"x"})  # type: ignore[arg-type]


@pytest.mark.parametrize("argument", ["content_type", "filename", "name"])
@pytest.mark.parametrize("bad", ["a\r\nX: y", "a\x00", "\x7f", "a\tb"])
def test_control_characters_are_refused(argument: str, bad: str) -> None:
    """S-291, SEC-2."""
    form = FormData()

    with pytest.raises(ValueError, match=f"{argument} .*control character"):
        form.add_field(**{"name": "a", "value": "b", argument: bad})
    assert body_of(form) == b""


def test_control_characters_in_the_name_of_a_file_are_refused() -> None:
    """SEC-2: names from a file system as well."""
    with pytest.raises(ValueError, match="filename"):
        FormData({"a": named(b"", "x\ny")})


def test_names_are_escaped() -> None:
    """S-297: a quote cannot end the name, and other text is encoded."""
    form = FormData(default_to_multipart=True)
    form.add_field('a"; filename="x', "1")
    form.add_field("é", "2")
    raw = FormData(quote_fields=False)
    raw.add_field('é"', "3", filename='ü"\\')

    first, second = parts_of(form)
    assert b'name="a\\"; filename=\\"x"\r\n' in first
    assert b"name*=utf-8''%C3%A9\r\n" in second
    assert 'name="é\\""; filename="ü\\"\\\\"\r\n'.encode() in parts_of(raw)[0]


def test_names_as_browsers_write_them() -> None:
    """HTML standard, "Multipart form data": line breaks, too, and UTF-8 as it is."""
    form = FormData(quote_fields="whatwg")
    form.add_field('é"\n', "1", filename='ü"\n\\')

    assert parts_of(form)[0].endswith(
        'form-data; name="é%22%0D%0A"; filename="ü%22%0A\\"\r\n\r\n1'.encode()
    )
    with pytest.raises(ValueError, match=r"name .*control character '\\x00'"):
        form.add_field("a\n\x00", "b")
    with pytest.raises(ValueError, match=r"content_type .*control character"):
        form.add_field("a", "b", content_type="a/b\r\n")


def test_content_type_of_a_field() -> None:
    """S-291: replaces the guess, also of a ready payload; a charset in it is used."""
    form = FormData()
    form.add_field("a", "é", content_type="text/x; charset=latin-1")
    form.add_field("b", BytesPayload(b"y"), content_type="a/b")

    first, second = parts_of(form)
    assert first.startswith(b"Content-Type: text/x; charset=latin-1\r\n")
    assert first.endswith(b"\r\n\r\n\xe9")
    assert second.startswith(b"Content-Type: a/b\r\n")


def test_charset_of_multipart_values() -> None:
    """S-296: text goes out in the charset of the form."""
    form = FormData({"a": "é"}, charset="latin-1", default_to_multipart=True)

    assert parts_of(form)[0].startswith(b"Content-Type: text/plain; charset=latin-1\r\n")
    assert parts_of(form)[0].endswith(b"\xe9")


@pytest.mark.parametrize("value", [5, None, ["a"], {"b": "c"}])
def test_value_that_no_part_can_hold_is_a_type_error(value: object) -> None:
    """S-298: named by its field, in multipart mode."""
    form = FormData({"field": value}, default_to_multipart=True)

    with pytest.raises(TypeError, match=f"'field' cannot hold {type(value).__name__}"):
        form()


async def test_form_can_be_called_again(tmp_path: Path) -> None:
    """S-299, SEC-6: a file that was read is sent from the same position."""
    path = tmp_path / "x"
    path.write_bytes(b"skipped|sent")
    with path.open("rb") as file:
        file.seek(8)
        form = FormData({"a": file})

        first = form()
        assert b"\r\n\r\nsent\r\n" in await first.as_bytes()
        form.add_field("b", "more")
        second = await form().as_bytes()

    assert b"\r\n\r\nsent\r\n" in second
    assert b"more" in second


async def test_form_with_a_pipe_has_no_size() -> None:
    """S-311: one part of unknown size is enough."""
    read_end, write_end = os.pipe()
    os.write(write_end, b"abc")
    os.close(write_end)
    with os.fdopen(read_end, "rb") as file:
        form = FormData({"a": file})

        assert form().size is None
        assert b"\r\n\r\nabc\r\n" in await form().as_bytes()


@given(
    fields=st.lists(
        st.tuples(
            PRINTABLE,
            st.text(st.characters(codec="utf-8")),
            st.none() | PRINTABLE.filter(lambda text: not set(text) & set("/\\%") and bool(text)),
        ),
        min_size=1,
    ),
    quote_fields=st.booleans(),
)
async def test_multipart_fields_come_back(
    fields: list[tuple[str, str, str | None]], quote_fields: bool
) -> None:
    """S-296, S-297, S-316, S-327: names, file names and values through our own reader."""
    form = FormData(quote_fields=quote_fields, default_to_multipart=True)
    for name, value, filename in fields:
        form.add_field(name, value, filename=filename)
    payload = form()
    reader = MultipartReader(payload.headers, MemorySource(await payload.as_bytes()))
    found = []

    while (part := await reader.fetch_next_part()) is not None:
        assert not isinstance(part, MultipartReader)
        found.append((part.name, await part.text(), percent_decoded(part.filename, quote_fields)))

    assert found == fields


def percent_decoded(filename: str | None, quote_fields: bool) -> str | None:
    """File names are percent-encoded by default, which no server undoes by the standard."""
    if filename is None or not quote_fields:
        return filename
    return parse_qsl("f=" + filename.replace("+", "%2B"))[0][1]


async def test_the_email_parser_reads_it() -> None:
    """RFC 7578: another implementation finds the same fields."""
    form = FormData({"a": "b", 'c"d': "é"}, default_to_multipart=True)
    form.add_field("file", io.BytesIO(b"x\r\n-y"), filename="z.bin", content_type="image/png")
    payload = form()
    head = f"Content-Type: {payload.content_type}\r\n\r\n".encode()

    parts = BytesParser().parsebytes(head + await payload.as_bytes()).get_payload()

    assert isinstance(parts, list)
    found = [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in parts
        if isinstance(part, Message)
    ]
    assert found == [
        ("a", None, "text/plain", b"b"),
        ('c"d', None, "text/plain", "é".encode()),
        ("file", "z.bin", "image/png", b"x\r\n-y"),
    ]


def test_one_class_by_both_names() -> None:
    """S-005."""
    assert FormData is SameFormData


MAKERS: list[Callable[[], FormData]] = [
    lambda: FormData({"a": "b"}),
    lambda: FormData({"a": io.BytesIO(b"x")}),
]


@pytest.mark.parametrize("make", MAKERS)
async def test_form_gives_a_sendable_payload(make: Callable[[], FormData]) -> None:
    """S-299: the contract of a body holds."""
    form = make()
    payload = form()

    assert await check_payload(lambda: payload)
