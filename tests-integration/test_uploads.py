"""Request bodies of every kind, stored by nginx as they arrived, and compared by their hash."""

import asyncio
import gzip
import hashlib
import io
import json
import os
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from multidict import MultiDict, MultiDictProxy

import wherry
from wherry_multipart.testing import MemorySource

pytestmark = pytest.mark.network

CONTENT = bytes(range(256)) * 12_289  # more than three pieces, and no round number of them
TEXT = "Fähre ⛴ zwölf Fuß\n" * 60_000
MIB = 2**20

CONFIGURATION = """
daemon off;
worker_processes 1;
pid @FOLDER@/nginx.pid;
error_log @FOLDER@/error.log error;
events { worker_connections 64; }
http {
    access_log off;
    default_type application/octet-stream;
    client_max_body_size 0;
    client_body_temp_path @FOLDER@/body;
    proxy_temp_path @FOLDER@/proxy;
    fastcgi_temp_path @FOLDER@/fastcgi;
    uwsgi_temp_path @FOLDER@/uwsgi;
    scgi_temp_path @FOLDER@/scgi;
    server {
        listen 127.0.0.1:@PORT@;
        root @FOLDER@/stored;
        location / { dav_methods PUT; }
        location ~ ^/moved/(.*)$ { return 307 /$1; }
    }
}
"""


class Storage(NamedTuple):
    """A server that keeps what is put there in files of the same name."""

    url: str
    folder: Path

    def digest(self, name: str) -> str:
        with (self.folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture(scope="module")
def storage(
    tmp_path_factory: pytest.TempPathFactory,
    free_port: Callable[[], int],
    nginx_command: Callable[[Path], list[str]],
    running: Callable[..., AbstractContextManager[object]],
) -> Iterator[Storage]:
    """An nginx of our own that stores uploads."""
    folder = tmp_path_factory.mktemp("uploads")
    (folder / "stored").mkdir()
    port = free_port()
    text = CONFIGURATION.replace("@FOLDER@", str(folder)).replace("@PORT@", str(port))
    (folder / "nginx.conf").write_text(text, "utf-8")
    with running(nginx_command(folder), port):
        yield Storage(f"http://127.0.0.1:{port}", folder / "stored")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def generated(data: bytes) -> AsyncIterator[bytes]:
    """In pieces of all sizes."""
    start, size = 0, 1
    while start < len(data):
        yield data[start : start + size]
        start, size = start + size, size * 3 % 100_003
        await asyncio.sleep(0)


class Pieces:
    """An async iterable that is no generator, of other types than bytes."""

    async def __aiter__(self) -> AsyncIterator[bytearray | memoryview]:
        yield bytearray(CONTENT[:1000])
        yield memoryview(CONTENT)[1000:]


def spooled() -> "tempfile.SpooledTemporaryFile[bytes]":
    file = tempfile.SpooledTemporaryFile(max_size=1000)  # noqa: SIM115 - the client closes it
    file.write(CONTENT)
    file.seek(0)
    return file


def pipe() -> io.BufferedReader:
    """With less in it than the system keeps in a pipe."""
    read_end, write_end = os.pipe()
    os.write(write_end, CONTENT[:50_000])
    os.close(write_end)
    return os.fdopen(read_end, "rb")


def from_third_byte(file: io.BufferedReader) -> io.BufferedReader:
    file.seek(3)
    return file


BODIES: dict[str, tuple[Callable[[Path], Any], bytes]] = {
    "no bytes": (lambda _: b"", b""),
    "some bytes": (lambda _: CONTENT[:5000], CONTENT[:5000]),
    "bytes": (lambda _: CONTENT, CONTENT),
    "bytearray": (lambda _: bytearray(CONTENT), CONTENT),
    "memoryview": (lambda _: memoryview(CONTENT)[::-1], CONTENT[::-1]),
    "text": (lambda _: TEXT, TEXT.encode()),
    "StringIO": (lambda _: io.StringIO(TEXT), TEXT.encode()),
    "BytesIO": (lambda _: io.BytesIO(CONTENT), CONTENT),
    "small BytesIO": (lambda _: io.BytesIO(CONTENT[:300]), CONTENT[:300]),
    "file": (lambda path: path.open("rb"), CONTENT),
    "rest of a file": (lambda path: from_third_byte(path.open("rb")), CONTENT[3:]),
    "raw file": (lambda path: path.open("rb", buffering=0), CONTENT),
    "file for reading and writing": (lambda path: path.open("r+b"), CONTENT),
    "path": (lambda path: path, CONTENT),
    "compressed file": (
        lambda _: gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(CONTENT))),
        CONTENT,
    ),
    "text file": (lambda path: path.open(encoding="latin-1", newline=""),
                  CONTENT.decode("latin-1").encode()),
    "spooled file": (lambda _: spooled(), CONTENT),
    "pipe": (lambda _: pipe(), CONTENT[:50_000]),
    "async generator": (lambda _: generated(CONTENT), CONTENT),
    "async iterable": (lambda _: Pieces(), CONTENT),
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the content."""
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


# --- every kind of body ---------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:a body of:ResourceWarning")
@pytest.mark.parametrize("kind", BODIES)
async def test_body_arrives_byte_for_byte(
    session: wherry.ClientSession, storage: Storage, path: Path, kind: str
) -> None:
    """S-273, S-281 to S-286: with a length where there is one, else in chunks."""
    make, content = BODIES[kind]
    name = kind.replace(" ", "-")
    async with session.put(f"{storage.url}/{name}", data=make(path)) as response:
        assert response.status in (201, 204), await response.text()

    assert storage.digest(name) == sha256(content)


async def test_json_arrives_byte_for_byte(session: wherry.ClientSession, storage: Storage) -> None:
    """S-280."""
    value = {"text": TEXT[:3000], "numbers": [1, 2.5, None]}
    async with session.put(f"{storage.url}/json", json=value) as response:
        assert response.status in (201, 204)

    assert storage.digest("json") == sha256(json.dumps(value).encode())


async def test_another_response_is_sent_on(session: wherry.ClientSession, storage: Storage) -> None:
    """S-288: its content is the body, as it arrives."""
    (storage.folder / "source").write_bytes(CONTENT)
    async with (
        session.get(f"{storage.url}/source") as source,
        session.put(f"{storage.url}/copy", data=source.content) as response,
    ):
        assert response.status in (201, 204)

    assert storage.digest("copy") == sha256(CONTENT)


async def test_file_is_closed_when_it_was_sent(
    session: wherry.ClientSession, storage: Storage, path: Path
) -> None:
    """S-285: by the client, soon after."""
    file = path.open("rb")
    async with session.put(f"{storage.url}/closed", data=file) as response:
        assert response.status in (201, 204)
    await asyncio.get_running_loop().shutdown_default_executor()

    assert file.closed


# --- multipart ------------------------------------------------------------------------------------


def form_with_files(path: Path) -> wherry.FormData:
    form = wherry.FormData({"title": "zwölf Fuß"}, quote_fields="whatwg")
    form.add_field("file", path.open("rb"), filename='größe "x".bin', content_type="image/png")
    form.add_field("memory", io.BytesIO(CONTENT[:70_000]), filename="memory")
    form.add_field("path", path, filename="path")
    return form


async def test_form_arrives_byte_for_byte(
    session: wherry.ClientSession, storage: Storage, path: Path
) -> None:
    """S-296, S-311: with its exact length; read again from what nginx stored."""
    body = form_with_files(path)()
    whole = await body.as_bytes()
    assert body.size == len(whole)
    async with session.put(f"{storage.url}/form", data=body) as response:
        assert response.status in (201, 204)
        content_type = response.request_info.headers["Content-Type"]
        assert response.request_info.headers["Content-Length"] == str(len(whole))
    assert storage.digest("form") == sha256(whole)

    stored = MemorySource((storage.folder / "form").read_bytes())
    found = {}
    async for part in wherry.MultipartReader({"Content-Type": content_type}, stored):
        assert isinstance(part, wherry.BodyPartReader)
        found[part.name, part.filename] = sha256(bytes(await part.read()))

    assert found == {
        ("title", None): sha256("zwölf Fuß".encode()),
        ("file", "größe %22x%22.bin"): sha256(CONTENT),
        ("memory", "memory"): sha256(CONTENT[:70_000]),
        ("path", "path"): sha256(CONTENT),
    }


@pytest.mark.parametrize("has_size", [True, False])
async def test_nested_multipart_arrives_byte_for_byte(
    session: wherry.ClientSession, storage: Storage, path: Path, has_size: bool
) -> None:
    """S-307, S-309, S-311: with a length, or in chunks if a part is coded."""
    inner = wherry.MultipartWriter("mixed")
    inner.append(path)
    inner.append("text", {} if has_size else {"Content-Encoding": "gzip"})
    body = wherry.MultipartWriter("related")
    body.append_json({"parts": 2})
    body.append(inner)
    body.append(io.BytesIO(CONTENT))
    whole = await body.as_bytes()
    async with session.put(f"{storage.url}/nested", data=body) as response:
        assert response.status in (201, 204)
        assert ("Content-Length" in response.request_info.headers) is has_size

    assert storage.digest("nested") == sha256(whole)


async def test_upload_and_download_take_little_memory(
    session: wherry.ClientSession, storage: Storage, tmp_path: Path
) -> None:
    """A form with 64 MiB of file, there and back to disk, in less than a tenth of that."""
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
        file.seek(-3, os.SEEK_END)
        file.write(b"end")
    form = wherry.FormData({"a": "b"})
    form.add_field("file", path, filename="x")
    body = form()

    tracemalloc.start()
    try:
        async with session.put(f"{storage.url}/large", data=body) as response:
            assert response.status in (201, 204)
        upload_peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        async with session.get(f"{storage.url}/large") as response:
            reader = wherry.MultipartReader(body.headers, response.content)
            await reader.next()
            part = await reader.next()
            assert isinstance(part, wherry.BodyPartReader)
            assert await part.save(tmp_path / "received") == 64 * MIB
        download_peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    with (tmp_path / "received").open("rb") as received, path.open("rb") as sent:
        digests = {hashlib.file_digest(file, "sha256").hexdigest() for file in (received, sent)}
    assert len(digests) == 1
    assert upload_peak < 6 * MIB
    assert download_peak < 6 * MIB


# --- sent again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "rest of a file", "path", "BytesIO", "text file"])
async def test_redirected_body_arrives_whole(
    session: wherry.ClientSession, storage: Storage, path: Path, kind: str
) -> None:
    """S-284, SEC-6: from where it started, and not from where the first request left it."""
    make, content = BODIES[kind]
    name = f"again-{kind.replace(' ', '-')}"
    async with session.put(f"{storage.url}/moved/{name}", data=make(path)) as response:
        assert response.status in (201, 204), await response.text()
        assert [hop.status for hop in response.history] == [307]

    assert storage.digest(name) == sha256(content)


async def test_redirected_generator_is_refused(
    session: wherry.ClientSession, storage: Storage
) -> None:
    """S-286, SEC-6: it cannot start again; the error says what to do, and nothing is stored."""
    with pytest.raises(wherry.ClientPayloadError, match="pass bytes or a seekable file"):
        await session.put(f"{storage.url}/moved/generated", data=generated(CONTENT))

    assert not (storage.folder / "generated").exists()


# --- what is no payload ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        {"a": "1", "b": ["2", "3"]},
        [("a", "1"), ("b", "2"), ("b", "3")],
        (("a", "1"), ("b", "2"), ("b", "3")),
        MultiDict([("a", "1"), ("b", "2"), ("b", "3")]),
        MultiDictProxy(MultiDict([("a", "1"), ("b", "2"), ("b", "3")])),
    ],
)
async def test_fields_become_a_form(
    session: wherry.ClientSession, storage: Storage, value: Any
) -> None:
    """S-300: dict, list, tuple and multidicts go through `FormData`."""
    async with session.put(f"{storage.url}/fields", data=value) as response:
        assert response.status in (201, 204)
        content_type = response.request_info.headers["Content-Type"]

    assert content_type == "application/x-www-form-urlencoded"
    assert storage.digest("fields") == sha256(b"a=1&b=2&b=3")


async def test_fields_with_a_file_become_a_multipart_form(
    session: wherry.ClientSession, storage: Storage, path: Path
) -> None:
    """S-300: just as with `FormData` itself."""
    async with session.put(
        f"{storage.url}/fields", data={"a": "1", "file": path.open("rb")}
    ) as response:
        headers = response.request_info.headers
    stored = MemorySource((storage.folder / "fields").read_bytes())
    found = []
    async for part in wherry.MultipartReader(headers, stored):
        assert isinstance(part, wherry.BodyPartReader)
        found.append((part.name, part.filename, bytes(await part.read())))

    assert found == [("a", None, b"1"), ("file", "content", CONTENT)]
