"""Multipart bodies between us and others: the standard library's email, werkzeug, python-multipart.

All are black boxes, in both directions: what our writer writes they read, and what was written by
hand all four read. Where one of them differs from us, the rule that we follow is listed; a
difference that is gone is an error, too.
"""

import io
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import NamedTuple

import httpx
import pytest
import python_multipart
from hypothesis import given, settings
from hypothesis import strategies as st
from python_multipart.multipart import Field, File
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.sansio import multipart as werkzeug
from werkzeug.test import encode_multipart

from wherry_multipart import BodyPartReader, FormData, MultipartReader, MultipartWriter
from wherry_multipart.testing import MemorySource
from wherry_payload import QuoteFields


class Part(NamedTuple):
    """A field as a parser found it; `name` None if there is none."""

    name: str | None
    filename: str | None
    data: bytes


Found = list[Part] | str
"""What a parser makes of a body: the parts, or that it refuses it."""

REFUSED = "refused"


# --- the four readers -----------------------------------------------------------------------------


async def read_by_us(body: bytes, boundary: str) -> Found:
    headers = {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}
    reader = MultipartReader(headers, MemorySource(body))
    parts = []
    try:
        async for part in reader:
            assert isinstance(part, BodyPartReader)
            parts.append(Part(part.name, part.filename, bytes(await part.read(decode=True))))
    except ValueError:
        return REFUSED
    return parts


def read_by_email(body: bytes, boundary: str) -> Found:
    head = f'Content-Type: multipart/form-data; boundary="{boundary}"\r\n\r\n'
    message = BytesParser(policy=policy.HTTP).parsebytes(head.encode() + body)
    if message.defects or not message.is_multipart():
        return REFUSED
    parts = []
    for part in message.iter_parts():
        assert isinstance(part, EmailMessage)
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        parts.append(Part(_text(name), _text(part.get_filename()), data))
    return parts


def _text(value: object) -> str | None:
    """In the module's texts, surrogates stand for bytes that it could not decode."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def read_by_werkzeug(body: bytes, boundary: str) -> Found:
    decoder = werkzeug.MultipartDecoder(boundary.encode())
    parts: list[Part] = []
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), werkzeug.Epilogue):
            match event:
                case werkzeug.File():
                    parts.append(Part(event.name, event.filename, b""))
                case werkzeug.Field():
                    parts.append(Part(event.name, None, b""))
                case werkzeug.Data():
                    parts[-1] = parts[-1]._replace(data=parts[-1].data + event.data)
                case werkzeug.NeedData():
                    return REFUSED
    except (ValueError, KeyError, TypeError):
        return REFUSED
    return parts


def read_by_python_multipart(body: bytes, boundary: str) -> Found:
    parts = []

    def on_field(field: Field) -> None:
        parts.append(Part(_decoded(field.field_name), None, field.value or b""))

    def on_file(file: File) -> None:
        file.file_object.seek(0)
        data = file.file_object.read()
        parts.append(Part(_decoded(file.field_name), _decoded(file.file_name), data))

    content_type = f'multipart/form-data; boundary="{boundary}"'.encode()
    try:
        parser = python_multipart.create_form_parser(
            {"Content-Type": content_type}, on_field, on_file
        )
        parser.write(body)
        parser.finalize()
    except python_multipart.exceptions.FormParserError:
        return REFUSED
    return parts


def _decoded(name: bytes | None) -> str | None:
    return None if name is None else name.decode("utf-8", "surrogateescape")


PEERS: dict[str, Callable[[bytes, str], Found]] = {
    "email": read_by_email,
    "werkzeug": read_by_werkzeug,
    "python-multipart": read_by_python_multipart,
}


# --- our writer, their readers --------------------------------------------------------------------

FIELDS = [
    Part("plain", None, b"value"),
    Part("empty", None, b""),
    Part("lines", None, b"one\r\ntwo\nthree\rfour\r\n"),
    Part("boundary-like", None, b"\r\n--\r\n--x--\r\n-"),
    Part("utf-8", None, "Fähre ⛴".encode()),
    Part("file", "notes.txt", b"text"),
    Part("binary", "data.bin", bytes(range(256)) * 300),
    Part("no-name", "", b"x"),
    Part("a b", "c d.txt", b"blanks"),
    Part('q"q', 'r"r.txt', b"quotes"),
    Part("back\\slash", "c:\\x.txt", b"backslashes"),
    Part("se;mi=colon", "a;b=c.txt", b"separators"),
    Part("per%22cent", "per%22cent.txt", b"escapes"),
    Part("Fähre", "größe.txt", b"not ASCII"),
    Part("apo'strophe", "a'b.txt", b"x"),
    Part("path", "a/b/c.txt", b"x"),
    Part("same", None, b"1"),
    Part("same", None, b"2"),
]


def written(field: Part, way: QuoteFields) -> tuple[bytes, str]:
    """The body our writer makes of one field, and its boundary."""
    form = FormData(quote_fields=way, default_to_multipart=True)
    value = field.data.decode() if field.filename is None else field.data
    form.add_field(field.name or "", value, filename=field.filename)
    writer = form()
    assert isinstance(writer, MultipartWriter)
    return writer.decode("latin-1").encode("latin-1"), writer.boundary


# What all readers but those below find, where that is not what was given: names are not decoded,
# as nobody can tell an escape from a name that looks like one.
FOUND: dict[tuple[QuoteFields, str], tuple[str, str]] = {
    (True, "a b"): ("a b", "c%20d.txt"),
    (True, 'q"q'): ('q"q', "r%22r.txt"),
    (True, "back\\slash"): ("back\\slash", "c%3A%5Cx.txt"),
    (True, "se;mi=colon"): ("se;mi=colon", "a%3Bb%3Dc.txt"),
    (True, "per%22cent"): ("per%22cent", "per%2522cent.txt"),
    (True, "Fähre"): ("Fähre", "gr%C3%B6%C3%9Fe.txt"),
    (True, "apo'strophe"): ("apo'strophe", "a%27b.txt"),
    (True, "path"): ("path", "a%2Fb%2Fc.txt"),
    ("whatwg", 'q"q'): ("q%22q", "r%22r.txt"),
    ("whatwg", "back\\slash"): ("backslash", "c:x.txt"),
}
AS_SERVER = "werkzeug undoes %22, which browsers write for a quote. S-303 decodes name* only."
BASE_NAME = "python-multipart cuts off what stands before a backslash. S-304: the caller does that."
EXTENDED = "python-multipart knows no name*, which RFC 7578 §4.2 rules out. S-297 has it."
NOT_PAIRED = "Browsers write a backslash as it is. RFC 9110 §5.6.4 has it escape what follows."
WRITTEN_DISAGREEMENTS: dict[tuple[QuoteFields, str, str], str] = {
    (True, "per%22cent", "werkzeug"): AS_SERVER,
    (False, "per%22cent", "werkzeug"): AS_SERVER,
    ("whatwg", "per%22cent", "werkzeug"): AS_SERVER,
    (True, 'q"q', "werkzeug"): AS_SERVER,
    ("whatwg", 'q"q', "werkzeug"): AS_SERVER,
    (False, "back\\slash", "python-multipart"): BASE_NAME,
    ("whatwg", "back\\slash", "python-multipart"): f"{NOT_PAIRED} {BASE_NAME}",
    (True, "Fähre", "python-multipart"): EXTENDED,
}


@pytest.mark.parametrize("way", [True, False, "whatwg"])
async def test_others_read_what_we_write(way: QuoteFields) -> None:
    """S-296, S-297: names, file names and data, escaped in each of the three ways."""
    different = set()
    for field in FIELDS:
        body, boundary = written(field, way)
        name, filename = FOUND.get((way, str(field.name)), (field.name, field.filename))
        found = [Part(name, filename, field.data)]
        assert await read_by_us(body, boundary) == found
        for peer, read in PEERS.items():
            if read(body, boundary) != found:
                different.add((way, field.name, peer))

    assert different == {each for each in WRITTEN_DISAGREEMENTS if each[0] == way}


@settings(deadline=None, max_examples=50)  # the first example finds the codecs unloaded
@given(
    values=st.lists(st.text(st.characters(codec="utf-8"))),
    contents=st.lists(st.binary(max_size=100) | st.sampled_from([b"\r\n--", b"\r\n", b"-\r"])),
)
async def test_others_read_any_data(values: list[str], contents: list[bytes]) -> None:
    """RFC 2046 §5.1.1: whatever is in the parts, no reader finds a boundary in it."""
    form = FormData([("v", value) for value in values], default_to_multipart=True)
    for content in contents:
        form.add_field("f", content, filename="x")
    writer = form()
    assert isinstance(writer, MultipartWriter)
    body = await writer.as_bytes()
    parts = [Part("v", None, value.encode()) for value in values]
    parts += [Part("f", "x", content) for content in contents]

    assert await read_by_us(body, writer.boundary) == parts
    for read in PEERS.values():
        if parts:  # email takes no body without parts
            assert read(body, writer.boundary) == parts


# --- their writers, our reader --------------------------------------------------------------------


def written_by_werkzeug(fields: list[Part]) -> tuple[str, bytes]:
    values = [
        (part.name or "", _storage(part) if part.filename else part.data.decode())
        for part in fields
    ]
    boundary, body = encode_multipart(MultiDict(values))
    return f"multipart/form-data; boundary={boundary}", body


def _storage(part: Part) -> FileStorage:
    return FileStorage(io.BytesIO(part.data), part.filename, part.name)


def written_by_httpx(fields: list[Part]) -> tuple[str, bytes]:
    files = [(part.name or "", (part.filename, part.data)) for part in fields]
    request = httpx.Request("POST", "http://localhost/", files=files)
    return request.headers["Content-Type"], request.read()


def written_by_email(fields: list[Part]) -> tuple[str, bytes]:
    message = EmailMessage(policy=policy.SMTP)
    message["Content-Type"] = "multipart/form-data"
    for part in fields:
        inner = EmailMessage(policy=policy.SMTP)
        inner.set_content(part.data, "application", "octet-stream", cte="base64")
        inner["Content-Disposition"] = "form-data"
        inner.set_param("name", part.name or "", "Content-Disposition")
        if part.filename is not None:
            inner.set_param("filename", part.filename, "Content-Disposition")
        message.attach(inner)
    _, _, body = message.as_bytes().partition(b"\r\n\r\n")
    return message["Content-Type"], body


@pytest.mark.parametrize("write", [written_by_werkzeug, written_by_httpx, written_by_email])
async def test_we_read_what_others_write(
    write: Callable[[list[Part]], tuple[str, bytes]],
) -> None:
    """S-316, S-324, S-327: one body with all the fields on whose names everybody agrees."""
    fields = [
        field for field in FIELDS if str(field.name).isascii() and not set(str(field)) & set('"%')
    ]
    fields = [field for field in fields if field.filename != "" and "\\" not in str(field.name)]
    content_type, body = write(fields)
    reader = MultipartReader({"Content-Type": content_type}, MemorySource(body))

    found = []
    async for part in reader:
        assert isinstance(part, BodyPartReader)
        found.append(Part(part.name, part.filename, bytes(await part.read(decode=True))))

    assert len(found) >= 10
    assert sorted(found, key=str) == sorted(fields, key=str)


# --- bodies by hand, all readers ------------------------------------------------------------------


def one(disposition: str | bytes, data: bytes = b"x", more: bytes = b"") -> bytes:
    """A body of one part."""
    value = disposition.encode() if isinstance(disposition, str) else disposition
    head = b"--b\r\nContent-Disposition: form-data; " + value + b"\r\n" + more + b"\r\n"
    return head + data + b"\r\n--b--\r\n"


BODIES = {
    "plain": one('name="a"'),
    "token": one("name=a; filename=b.txt"),
    "blanks around": one('name = "a" ; filename = "b"'),
    "quoted pairs": one(r'name="a\"b"; filename="c\\d"'),
    "lone backslash": one(r'name="a\b"'),
    "percent-22": one('name="a%22b"'),
    "percent-0D0A": one('name="a%0D%0Ab"; filename="c%0Ad"'),
    "utf-8": one('name="Fähre"; filename="größe"'),
    "latin-1": one('name="Fähre"'.encode("latin-1")),
    "extended name": one("name*=utf-8''F%C3%A4hre"),
    "extended filename": one("name=a; filename*=utf-8'en'gr%C3%B6%C3%9Fe"),
    "both filenames": one("name=a; filename=plain; filename*=utf-8''better"),
    "filename in pieces": one('name=a; filename*0="one"; filename*1="two"'),
    "no name": one("x=y"),
    "empty filename": one('name="a"; filename=""'),
    "semicolon in quotes": one('name="a;b"; filename="c; name=d"'),
    "name twice": one('name="a"; name="b"'),
    "header in lower case": one('name="a"').replace(b"Content-D", b"content-d"),
    "type in upper case": one('name="a"').replace(b"form-data", b"FORM-DATA"),
    "folded header": one('name="a";\r\n filename="b"'),
    "no disposition": b"--b\r\n\r\nx\r\n--b--\r\n",
    "no headers and no data": b"--b\r\n\r\n\r\n--b--\r\n",
    "no parts": b"--b--\r\n",
    "preamble and epilogue": b"before\r\n" + one('name="a"') + b"after",
    "no line end at the end": one('name="a"').rstrip(),
    "line feeds only": one('name="a"').replace(b"\r\n", b"\n"),
    "blank behind the boundary": one('name="a"').replace(b"--b\r", b"--b \r"),
    "more behind the boundary": one('name="a"', b"x\r\n--bc\r\ny"),
    "boundary without line break": one('name="a"', b"x--b--y"),
    "boundary behind a line feed": one('name="a"', b"x\n--b--y"),
    "truncated data": one('name="a"')[:-9],
    "truncated head": one('name="a"')[:30],
    "no colon": one('name="a"', more=b"bad\r\n"),
    "blank before colon": one('name="a"', more=b"X : y\r\n"),
    "nul in a header": one('name="a"', more=b"X: \0\r\n"),
    "lone cr in data": one('name="a"', b"\r-\r\n-\r"),
    "base64": one('name="a"', b"eA==", b"Content-Transfer-Encoding: base64\r\n"),
    "wrong length": one('name="a"', b"xyz", b"Content-Length: 1\r\n"),
    "empty": b"",
}

OURS: dict[str, Found] = {
    "plain": [Part("a", None, b"x")],
    "token": [Part("a", "b.txt", b"x")],
    "blanks around": [Part("a", "b", b"x")],
    "quoted pairs": [Part('a"b', "c\\d", b"x")],
    "lone backslash": [Part("ab", None, b"x")],
    "percent-22": [Part("a%22b", None, b"x")],
    "percent-0D0A": [Part("a%0D%0Ab", "c%0Ad", b"x")],
    "utf-8": [Part("Fähre", "größe", b"x")],
    "latin-1": [Part("F\udce4hre", None, b"x")],
    "extended name": [Part("Fähre", None, b"x")],
    "extended filename": [Part("a", "größe", b"x")],
    "both filenames": [Part("a", "better", b"x")],
    "filename in pieces": [Part("a", "onetwo", b"x")],
    "no name": [Part(None, None, b"x")],
    "empty filename": [Part("a", "", b"x")],
    "semicolon in quotes": [Part("a;b", "c; name=d", b"x")],
    "name twice": [Part(None, None, b"x")],
    "header in lower case": [Part("a", None, b"x")],
    "type in upper case": [Part("a", None, b"x")],
    "folded header": REFUSED,
    "no disposition": [Part(None, None, b"x")],
    "no headers and no data": [Part(None, None, b"")],
    "no parts": [],
    "preamble and epilogue": [Part("a", None, b"x")],
    "no line end at the end": [Part("a", None, b"x")],
    "line feeds only": REFUSED,
    "blank behind the boundary": [Part("a", None, b"x")],
    "more behind the boundary": REFUSED,
    "boundary without line break": [Part("a", None, b"x--b--y")],
    "boundary behind a line feed": [Part("a", None, b"x\n--b--y")],
    "truncated data": REFUSED,
    "truncated head": REFUSED,
    "no colon": REFUSED,
    "blank before colon": REFUSED,
    "nul in a header": REFUSED,
    "lone cr in data": [Part("a", None, b"\r-\r\n-\r")],
    "base64": [Part("a", None, b"x")],
    "wrong length": [Part("a", None, b"xyz")],
    "empty": REFUSED,
}

ALL = tuple(PEERS)
NAMELESS = "A form field has a name, RFC 7578 §4.2. S-327: None, and the caller decides."
BROKEN_HEAD = "A line that is no field is passed over, or taken for data. S-318, SEC-1 refuse it."
TRUNCATED = "It says nothing of a body that ends too early. S-317, SEC-14: it is an error."
# Body, whom it is about, and the rule.
READ_DISAGREEMENTS: list[tuple[str, tuple[str, ...], str]] = [
    ("blanks around", ("werkzeug",), "S-302: blanks around = are passed over."),
    ("lone backslash", ("python-multipart",), "RFC 9110 §5.6.4: a quoted pair is its second half."),
    ("percent-22", ("werkzeug",), AS_SERVER),
    ("latin-1", ("email", "werkzeug"), "RFC 7578 §5.1: UTF-8; S-302: other bytes never raise."),
    ("extended name", ("python-multipart",), EXTENDED),
    ("extended filename", ("python-multipart",), "S-303: filename* is decoded."),
    ("both filenames", ("email", "python-multipart"), "RFC 6266 §4.3: filename* is preferred."),
    ("filename in pieces", ("python-multipart",), "S-303, RFC 2231 §3: pieces are joined."),
    ("no name", ("python-multipart",), NAMELESS),
    ("name twice", ALL, "RFC 6266 §4.1, S-302: a doubled parameter makes the header malformed."),
    ("folded header", ("email", "werkzeug"), "RFC 9112 §5.2: obs-fold is not for HTTP."),
    ("no disposition", ("werkzeug", "python-multipart"), NAMELESS),
    ("no headers and no data", ("werkzeug", "python-multipart"), NAMELESS),
    ("no parts", ("email",), "S-316: a body with a closing boundary alone has no parts."),
    ("preamble and epilogue", ("python-multipart",), "RFC 2046 §5.1.1: both are skipped. S-317."),
    ("line feeds only", ("email", "werkzeug"), "RFC 2046 §5.1.1: a delimiter begins with CRLF."),
    ("blank behind the boundary", ("python-multipart",), "RFC 2046 §5.1.1: transport-padding."),
    ("more behind the boundary", ALL, "RFC 2046 §5.1.1: a delimiter all the same. S-317: wrong."),
    ("boundary behind a line feed", ("werkzeug",), "RFC 2046 §5.1.1: a delimiter follows CRLF."),
    ("truncated data", ("python-multipart",), TRUNCATED),
    ("truncated head", ("python-multipart",), TRUNCATED),
    ("empty", ("python-multipart",), TRUNCATED),
    ("no colon", ("email", "werkzeug"), BROKEN_HEAD),
    ("blank before colon", ("email", "werkzeug"), BROKEN_HEAD),
    ("nul in a header", ALL, "A control character is no part of a field value. S-318, SEC-1."),
    ("base64", ("werkzeug",), "S-324: a transfer encoding is undone, though RFC 7578 §4.7 warns."),
]


@pytest.mark.filterwarnings("ignore:cannot read:RuntimeWarning")
@pytest.mark.parametrize("case", BODIES)
async def test_all_read_a_body_alike(case: str) -> None:
    """S-301 to S-304, S-316 to S-319: but for the differences that are listed."""
    body = BODIES[case]
    expected = {peer for name, peers, _ in READ_DISAGREEMENTS if name == case for peer in peers}

    assert await read_by_us(body, "b") == OURS[case]
    assert {peer for peer, read in PEERS.items() if read(body, "b") != OURS[case]} == expected
