"""The public names, and what importing them does."""

import asyncio
import logging
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import multidict
import pytest
import yarl
from multidict import CIMultiDict

import wherry
import wherry.abc
import wherry.payload
import wherry.typedefs
from wherry.testing import make_response

ROOT = Path(__file__).parents[1]

OTHER_SUBMODULES = [
    "client",
    "client_exceptions",
    "client_middleware_digest_auth",
    "client_middlewares",
    "client_reqrep",
    "client_ws",
    "connector",
    "cookiejar",
    "formdata",
    "helpers",
    "http",
    "http_exceptions",
    "http_websocket",
    "http_writer",
    "log",
    "multipart",
    "resolver",
    "streams",
    "tracing",
]
"""Where aiohttp keeps names that wherry has at its top."""

Fake = Callable[..., tuple[wherry.ClientSession, object]]


def printed_by(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


# --- names ----------------------------------------------------------------------------------------


def test_all_names_exist_once_and_in_order() -> None:
    """S-004."""
    assert sorted(set(wherry.__all__), key=wherry.__all__.index) == wherry.__all__
    for name in wherry.__all__:
        assert getattr(wherry, name) is not None


def test_dir_lists_the_public_names() -> None:
    """S-004."""
    assert set(wherry.__all__) <= set(dir(wherry))


@pytest.mark.parametrize("module", [wherry.abc, wherry.payload, wherry.typedefs])
def test_names_of_submodules_exist(module: object) -> None:
    """Those that each module promises."""
    for name in module.__all__:  # type: ignore[attr-defined]  # a module
        assert hasattr(module, name)


def test_a_name_is_one_object_wherever_it_is_found() -> None:
    """S-005."""
    import wherry_errors
    import wherry_pool

    assert wherry.ClientError is wherry_errors.ClientError
    assert wherry.TCPConnector is wherry_pool.TCPConnector
    assert wherry.abc.AbstractCookieJar.__module__.startswith("wherry_cookies")
    assert wherry.payload.Payload is wherry.Payload


@pytest.mark.parametrize(
    "name", ["web", "GunicornWebWorker", "GunicornUVLoopWebWorker", "test_utils", "pytest_plugin"]
)
def test_server_side_names_are_not_provided(name: str) -> None:
    """S-001."""
    with pytest.raises(AttributeError, match=name):
        getattr(wherry, name)


def test_names_are_at_the_top_and_not_in_aiohttps_submodules() -> None:
    """S-002 as decided: of its submodules there are abc, hdrs, payload and typedefs alone."""
    code = f"import wherry; print(*[n for n in {OTHER_SUBMODULES} if hasattr(wherry, n)])"

    assert printed_by(code) == ""


@pytest.mark.parametrize("name", ["abc", "hdrs", "payload"])
def test_submodules_are_there_without_importing_them(name: str) -> None:
    """S-002 as decided: they are attributes right after `import wherry`, and can be imported."""
    code = f"import wherry; m = wherry.{name}; import wherry.{name} as n; print(m is n)"

    assert printed_by(code) == "True"


@pytest.mark.parametrize(
    "name",
    ["Connection", "ContentDisposition", "UnixClientConnectorError", "MultipartResponseWrapper"],
)
def test_names_documented_as_if_at_the_top_are_at_the_top(name: str) -> None:
    """S-003."""
    assert name in wherry.__all__
    assert isinstance(getattr(wherry, name), type)


def test_both_resolvers_are_at_the_top() -> None:
    """S-145, S-146: the default one is one of them."""
    assert wherry.DefaultResolver in (wherry.AsyncResolver, wherry.ThreadedResolver)


def test_the_version_is_a_string() -> None:
    """S-004: wherry's own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert isinstance(wherry.__version__, str)
    assert project["name"] == "wherry"


def test_the_package_is_typed() -> None:
    """S-018."""
    assert (Path(wherry.__file__).parent / "py.typed").exists()


def test_typedefs_has_the_aliases() -> None:
    """S-018."""
    names = [
        "StrOrURL",
        "LooseHeaders",
        "LooseCookies",
        "Query",
        "JSONEncoder",
        "JSONDecoder",
        "JSONBytesEncoder",
        "RawHeaders",
        "PathLike",
    ]

    assert set(names) <= set(wherry.typedefs.__all__)


def test_types_of_middlewares_have_both_names() -> None:
    """S-476."""
    assert wherry.ClientMiddlewareType is wherry.Middleware
    assert wherry.ClientHandlerType is wherry.Handler


def test_constants_of_methods_and_fields_exist() -> None:
    """S-020, as far as they are at the top: the others are in the packages that own them."""
    assert {"GET", "POST", "CONNECT"} <= set(wherry.hdrs.METH_ALL)
    assert {"Host", "host", "HOST"} <= set(wherry.hdrs.HOST_ALL)


async def test_types_of_fields_and_urls_are_those_of_their_libraries() -> None:
    """S-019."""
    response = make_response(headers=[("Link", '</next>; rel="next"')])

    assert type(response.headers) is multidict.CIMultiDictProxy
    assert type(response.links) is multidict.MultiDictProxy
    assert type(response.links["next"]) is multidict.MultiDictProxy
    assert type(response.url) is yarl.URL
    assert type(wherry.hdrs.CONTENT_TYPE) is multidict.istr
    async with wherry.ClientSession() as session:
        assert type(session.headers) is multidict.CIMultiDict


# --- importing ------------------------------------------------------------------------------------


def test_importing_starts_no_thread_and_no_loop() -> None:
    """S-006."""
    code = (
        "import threading, asyncio, wherry\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "try: asyncio.get_running_loop()\n"
        "except RuntimeError: print('no loop')\n"
    )

    assert printed_by(code) == "no loop"


def test_importing_touches_no_network() -> None:
    """S-006: no socket, no look-up, no connection, no thread."""
    code = (
        "import sys\n"
        "events = ('socket.', '_thread.start')\n"
        "seen = []\n"
        "sys.addaudithook(lambda e, a: seen.append(e) if e.startswith(events) else None)\n"
        "import wherry\n"
        "print(seen)\n"
    )

    assert printed_by(code) == "[]"


def test_optional_libraries_may_be_absent() -> None:
    """S-007: what they would do is not there, everything else is."""
    code = (
        "import sys\n"
        "for name in ('aiodns', 'brotli', 'brotlicffi', 'backports', 'isal', 'zlib_ng'):\n"
        "    sys.modules[name] = None\n"
        "import wherry\n"
        "assert all(hasattr(wherry, name) for name in wherry.__all__)\n"
        "print(wherry.DefaultResolver is wherry.ThreadedResolver)\n"
    )

    assert printed_by(code) == "True"


def test_loggers_have_their_names_and_no_handlers() -> None:
    """S-012. `wherry.log` is no module of wherry's (S-002 as decided)."""
    code = (
        "import logging, wherry\n"
        "made = logging.Logger.manager.loggerDict\n"
        "ours = {n: l for n, l in made.items() if n.partition('_')[0].startswith('wherry')}\n"
        "assert not any(getattr(l, 'handlers', ()) for l in ours.values())\n"
        "print(*sorted(n for n, l in ours.items() if isinstance(l, logging.Logger)))\n"
    )
    allowed = {"wherry.client", "wherry.internal", "wherry.websocket"}

    found = set(printed_by(code).split())

    assert {"wherry.client", "wherry.internal"} <= found <= allowed
    assert not hasattr(wherry, "log")


async def test_a_warning_of_the_client_goes_to_its_logger(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """S-012, S-013: a cookie that is rejected says so at debug level."""
    caplog.set_level(logging.DEBUG, "wherry.client")
    jar = wherry.CookieJar()

    jar.update_cookies_from_headers(["a=1; Domain=other.example"], yarl.URL("http://h.example/"))

    assert "wherry.client" in {record.name for record in caplog.records}


async def test_one_session_serves_any_number_of_tasks(fake: Fake) -> None:
    """S-010: of its loop; no object is safe for several threads."""
    session, _ = fake(limit=3)

    async def get() -> bytes:
        async with session.get("http://h/") as response:
            return await response.read()

    assert await asyncio.gather(*(get() for _ in range(20))) == [b"ok"] * 20


# --- wherry.abc -----------------------------------------------------------------------------------


class Writer(wherry.abc.AbstractStreamWriter):
    """A writer that keeps everything."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.is_at_end = False

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Keep a piece."""
        self.written += chunk
        self.output_size += len(chunk)

    async def write_eof(self, chunk: bytes = b"") -> None:
        """Keep the last piece."""
        await self.write(chunk)
        self.is_at_end = True

    async def drain(self) -> None:
        """Nothing is kept back."""

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Not this one."""
        raise NotImplementedError

    def enable_chunking(self) -> None:
        """Not this one."""
        raise NotImplementedError

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        """Keep the start line."""
        await self.write(f"{status_line}\r\n\r\n".encode())


def test_stream_writer_names_what_a_subclass_owes() -> None:
    """S-021: all but send_headers."""
    missing = wherry.abc.AbstractStreamWriter.__abstractmethods__

    assert missing == {
        "write",
        "write_eof",
        "drain",
        "enable_compression",
        "enable_chunking",
        "write_headers",
    }
    with pytest.raises(TypeError, match="abstract"):
        wherry.abc.AbstractStreamWriter()  # type: ignore[abstract]  # the point


async def test_payloads_write_to_a_stream_writer() -> None:
    """S-021."""
    writer = Writer()

    await writer.write_headers("HTTP/1.1 200 OK", CIMultiDict())
    writer.send_headers()
    await wherry.BytesPayload(b"body").write(writer)
    await writer.write_eof()

    assert bytes(writer.written) == b"HTTP/1.1 200 OK\r\n\r\nbody"
    assert writer.is_at_end


def test_stream_writer_counts_from_nothing() -> None:
    """S-021: buffer_size, output_size, length."""
    writer = Writer()

    assert (writer.buffer_size, writer.output_size, writer.length) == (0, 0, 0)
