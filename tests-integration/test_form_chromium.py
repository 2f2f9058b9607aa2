"""Forms as Chromium sends them: our reader reads them, and our writers are held beside them.

One page holds a form for each encoding and submits them one after the other. Field names, file
names and values are what people and attackers put into forms: quotes, line breaks, any script.
"""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest

from wherry_multipart import BodyPartReader, FormData, MultipartReader
from wherry_multipart.testing import MemorySource
from wherry_payload import QuoteFields

pytestmark = [pytest.mark.slow, pytest.mark.network]

OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-proxy-server"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage"),
    "--remote-debugging-port=0",
]


class Field(NamedTuple):
    """A field of the form; one with a file name holds a file."""

    name: str
    value: str
    filename: str | None = None


FIELDS = [
    Field("plain", "value"),
    Field("empty", ""),
    Field("a b", "c d+e&f=g%20"),
    Field("Fähre ⛴", "größer 𝄞"),
    Field('q"q', 'r"r'),
    Field("back\\slash", "c:\\x"),
    Field("per%22cent", "%0D%0A"),
    Field("semi;colon=", "a;b=c"),
    Field("apo'strophe", "a'b"),
    Field("star*~-._", "*~-._!()"),
    Field("same", "1"),
    Field("same", "2"),
    Field("lf\nname", "one\ntwo"),
    Field("cr\rname", "one\rtwo"),
    Field("crlf\r\nname", "one\r\ntwo\r\n"),
    Field("file", "text\nof a file\r\n", "notes.txt"),
    Field("file", "x", "two words.bin"),
    Field("file", "x", "größe ⛴.html"),
    Field("file", "x", 'q"q.txt'),
    Field("file", "x", "c:\\x.txt"),
    Field("file", "x", "per%22cent.txt"),
    Field("file", "x", "lf\nname.txt"),
    Field("file", "x", "cr\rname.txt"),
    Field("file", "x", "semi;colon=.txt"),
    Field("file", "", "empty.json"),
]
BROWSER_TYPES = {"txt": "text/plain", "html": "text/html", "json": "application/json"}

# The page makes its fields by script: markup would change line breaks before the form sees them.
PAGE = """<!doctype html><meta charset=utf-8><iframe name=result></iframe><script>
const fields = FIELDS, types = TYPES;
function submit(encoding, action, fields) {
  const form = document.createElement("form");
  Object.assign(form, {method: "post", enctype: encoding, action: action, target: "result"});
  document.body.append(form);
  form.addEventListener("formdata", (event) => {
    for (const [name, value, filename] of fields) {
      if (filename === null) event.formData.append(name, value);
      else {
        const type = types[filename.split(".").pop()] || "";
        event.formData.append(name, new File([value], filename, {type: type}));
      }
    }
  });
  return new Promise((done) => {
    document.querySelector("iframe").onload = done;
    form.requestSubmit();
  });
}
(async () => {
  await submit("multipart/form-data", "/multipart", fields);
  await submit("application/x-www-form-urlencoded", "/urlencoded", fields);
})();
</script>"""


class Request(NamedTuple):
    """What the browser sent."""

    content_type: str
    body: bytes


class _Server(ThreadingHTTPServer):
    requests: dict[str, Request]
    finished: threading.Event


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        page = PAGE.replace("FIELDS", json.dumps(FIELDS), 1).replace(
            "TYPES", json.dumps(BROWSER_TYPES), 1
        )
        self._answer(page if self.path == "/" else "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests[self.path] = Request(self.headers["Content-Type"], body)
        self._answer("thank you")
        if len(self.server.requests) == 2:
            self.server.finished.set()

    def _answer(self, text: str) -> None:
        content = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.requests, server.finished = {}, threading.Event()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Request]:
    """The requests of Chromium, by their path."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs a peer: apt-get install chromium")  # 300 MB: never required
    profile = tmp_path_factory.mktemp("chromium")
    with serving() as server:
        browser = subprocess.Popen(
            [
                program,
                *OPTIONS,
                f"--user-data-dir={profile}",
                f"http://127.0.0.1:{server.server_port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert server.finished.wait(40), f"only {list(server.requests)} were sent"
        finally:
            browser.terminate()
            browser.wait(10)
    return server.requests


def boundary_of(content_type: str) -> bytes:
    return content_type.partition("boundary=")[2].encode()


def heads_and_data(body: bytes, boundary: bytes) -> list[tuple[list[bytes], bytes]]:
    """The header lines, sorted, and the data of each part."""
    found = []
    for part in body.split(b"--" + boundary + b"\r\n")[1:]:
        head, _, rest = part.partition(b"\r\n\r\n")
        data = rest.removesuffix(b"--" + boundary + b"--\r\n").removesuffix(b"\r\n")
        found.append((sorted(head.split(b"\r\n")), data))
    return found


def crlf(text: str) -> str:
    """All line breaks as forms have them (HTML standard, "Constructing the entry list")."""
    return re.sub("\r\n?|\n", "\r\n", text)


def escaped(text: str) -> str:
    for character, escape in (('"', "%22"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(character, escape)
    return text


async def test_our_reader_reads_a_form_of_chromium(sent: dict[str, Request]) -> None:
    """S-316, S-327: names and file names as they were escaped, data as it was.

    Nobody can tell an escape from a name that looks like one, so the reader leaves them. A lone
    backslash is lost: browsers write it as it is, RFC 9110 §5.6.4 has it escape what follows.
    """
    request = sent["/multipart"]
    expected: list[tuple[str, str | None, str]] = []
    for name, value, filename in FIELDS:
        name = escaped(crlf(name)).replace("\\", "")
        if filename is None:
            expected.append((name, None, crlf(value)))
        else:
            expected.append((name, escaped(filename).replace("\\", ""), value))

    found = []
    reader = MultipartReader({"Content-Type": request.content_type}, MemorySource(request.body))
    async for part in reader:
        assert isinstance(part, BodyPartReader)
        found.append((part.name, part.filename, await part.text()))

    assert found == expected


def ours(fields: list[Field], way: QuoteFields) -> FormData:
    """The same fields through our writer, line breaks as a form has them."""
    form = FormData(quote_fields=way, default_to_multipart=True)
    for name, value, filename in fields:
        if filename is None:
            form.add_field(name, crlf(value))
        else:
            content_type = BROWSER_TYPES.get(filename.rpartition(".")[2])
            form.add_field(name, value.encode(), filename=filename, content_type=content_type)
    return form


async def test_our_writer_writes_what_chromium_writes(sent: dict[str, Request]) -> None:
    """`quote_fields="whatwg"`: the same headers and the same data, but for one header.

    Text fields have a Content-Type (S-296), which browsers leave out (RFC 7578 §4.4: text/plain is
    the default). The order of headers differs; it means nothing (RFC 7578 §4.8).
    """
    request = sent["/multipart"]
    body = ours(FIELDS, "whatwg")()

    written = heads_and_data(await body.as_bytes(), boundary_of(body.content_type))

    plain = b"Content-Type: text/plain; charset=utf-8"
    written = [([line for line in head if line != plain], data) for head, data in written]
    assert written == heads_and_data(request.body, boundary_of(request.content_type))


async def test_default_escapes_differ_from_those_of_chromium(sent: dict[str, Request]) -> None:
    """S-297 follows aiohttp: `True` and `False` write other names; these are all of them."""
    request = sent["/multipart"]
    theirs = heads_and_data(request.body, boundary_of(request.content_type))
    # Browsers may send these; we refuse them (S-291).
    fields = [each for each in FIELDS if not re.search("[\r\n]", f"{each.name}{each.filename}")]
    indices = [number for number, each in enumerate(FIELDS) if each in fields]
    different: dict[QuoteFields, set[str]] = {}
    for way in (True, False):
        body = ours(fields, way)()
        written = heads_and_data(await body.as_bytes(), boundary_of(body.content_type))
        different[way] = {
            fields[number].filename or fields[number].name
            for number, (head, data) in enumerate(written)
            if head[0] != theirs[indices[number]][0][0] or data != theirs[indices[number]][1]
        }

    escaped_by_backslash = {'q"q', "back\\slash", 'q"q.txt', "c:\\x.txt"}
    assert different[False] == escaped_by_backslash
    # Percent-encoded in a file name, or written as name*.
    assert different[True] == {
        *('q"q', "back\\slash", "Fähre ⛴"),
        *("c:\\x.txt", "two words.bin", "größe ⛴.html", "per%22cent.txt", "semi;colon=.txt"),
    }


async def test_our_urlencoded_form_is_that_of_chromium(sent: dict[str, Request]) -> None:
    """S-295, WHATWG URL §5.2: byte for byte, but for two characters that mean the same both ways.

    Browsers escape `~`, which RFC 3986 §2.3 leaves alone, and not `*`. A browser sends the name of
    a file in place of the file; with us a file makes the form multipart.
    """
    request = sent["/urlencoded"]
    pairs = [(crlf(name), crlf(filename or value)) for name, value, filename in FIELDS]
    form = FormData()
    with pytest.raises(ValueError, match="control character"):
        form.add_field("lf\nname", "x")  # S-291: in either encoding
    form = FormData(quote_fields="whatwg")
    for name, value in pairs:
        form.add_field(name, value)

    body = await form().as_bytes()

    assert request.content_type == form().content_type
    assert body.replace(b"~", b"%7E").replace(b"%2A", b"*") == request.body
