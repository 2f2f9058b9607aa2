"""Peers: servers that others wrote, each on a free port of the loopback interface.

Without a peer its tests are skipped and say how to install it; with `WHERRY_REQUIRE_PEERS=1` they
fail instead.
"""

import contextlib
import grp
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn

import pytest
import trustme

import wherry

HERE = Path(__file__).parent
SMALL = b"a small file\n"
LARGE = bytes(range(256)) * 12_289  # 3 MiB and a little more, to end between the buffers
TEXT = b"A wherry is a boat for passengers or freight.\n" * 400


Running = Callable[..., AbstractContextManager["subprocess.Popen[bytes]"]]

PACKAGES = {"danted": "dante-server", "dnsmasq": "dnsmasq-base", "nginx": "nginx-light"}
"""Debian's name of a program's package, where it is another one."""


def missing_peer(command: str) -> NoReturn:
    """Skip the test, or fail it where peers are required."""
    reason = f"needs a peer: {command}"
    if os.environ.get("WHERRY_REQUIRE_PEERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def find_program(name: str) -> str:
    """Where the program of a peer is; skips or fails the test if it is missing."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    return found or missing_peer(f"apt-get install {PACKAGES.get(name, name)}")


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Where the program of a peer is, by its name."""
    return find_program


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A port of the loopback that nobody uses at the moment."""
    return _free_port


@pytest.fixture(scope="session")
def running() -> Running:
    """Run a program, with its children, until it listens on some ports of the loopback."""
    return _running


@pytest.fixture(scope="session")
def nginx_command() -> Callable[[Path], list[str]]:
    """How to run the nginx whose configuration, `nginx.conf`, is in a folder."""
    return _nginx_command


@pytest.fixture(scope="session")
def required() -> Callable[[str], None]:
    """Skip the test unless a Python module is there, or fail it where peers are required."""

    def check(module: str) -> None:
        if importlib.util.find_spec(module) is None:
            missing_peer(f"pip install {module}")

    return check


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies of the environment have no business between a test and its own server."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def session() -> AsyncIterator[wherry.ClientSession]:
    """A session whose calls end in good time, whatever happens."""
    async with wherry.ClientSession(timeout=wherry.ClientTimeout(total=15)) as session:
        yield session


# --- TLS ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority nobody else trusts."""
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    """The servers' certificate: for `localhost`, and not for 127.0.0.1."""
    return authority.issue_cert("localhost")


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Client settings that trust the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def certificate_der(certificate: trustme.LeafCert) -> bytes:
    """The servers' certificate as it goes over the wire."""
    return ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())


# --- nginx --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def nginx(
    certificate: trustme.LeafCert, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What is known of a running nginx.

    Base URLs: `http`, `https`, `short`, `impatient`. The path of its Unix `socket`. Its `pid`.
    """
    folder = tmp_path_factory.mktemp("nginx")
    _write_pages(folder / "www")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "certificate.pem"))
    ports = {name: _free_port() for name in ("http", "https", "short", "impatient")}
    configuration = (HERE / "peers" / "nginx.conf").read_text("utf-8")
    for name, value in {**ports, "folder": folder}.items():
        configuration = configuration.replace(f"@{name.upper()}@", str(value))
    (folder / "nginx.conf").write_text(configuration, "utf-8")
    with _running(_nginx_command(folder), *ports.values()) as process:
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        urls["https"] = f"https://localhost:{ports['https']}"
        yield {**urls, "pid": str(process.pid), "socket": str(folder / "socket")}


def _write_pages(folder: Path) -> None:
    folder.mkdir()
    (folder / "small.txt").write_bytes(SMALL)
    (folder / "text.txt").write_bytes(TEXT)
    (folder / "large.bin").write_bytes(LARGE)
    (folder / "data.json").write_text('{"boats": ["wherry", "skiff"]}', "utf-8")


@pytest.fixture
def http_url(nginx: dict[str, str]) -> str:
    """The plain server: `/small.txt`, `/text.txt`, `/large.bin`, `/data.json`, `/gzip/…`."""
    return nginx["http"]


@pytest.fixture
def https_url(nginx: dict[str, str]) -> str:
    """The same files with TLS, at the name `localhost`."""
    return nginx["https"]


@pytest.fixture
def short_url(nginx: dict[str, str]) -> str:
    """The same files from a server that closes after every other request."""
    return nginx["short"]


@pytest.fixture
def impatient_url(nginx: dict[str, str]) -> str:
    """The same files from a server that closes idle connections almost at once."""
    return nginx["impatient"]


@pytest.fixture
def socket_path(nginx: dict[str, str]) -> str:
    """The Unix socket at which the same files are served."""
    return nginx["socket"]


@pytest.fixture
def reload_nginx(nginx: dict[str, str]) -> Callable[[], None]:
    """Replaces nginx's worker as an administrator would, with requests under way."""
    return lambda: os.kill(int(nginx["pid"]), signal.SIGHUP)


@pytest.fixture
def small() -> bytes:
    """The content of `/small.txt`."""
    return SMALL


@pytest.fixture
def text() -> bytes:
    """The content of `/text.txt`."""
    return TEXT


@pytest.fixture
def large() -> bytes:
    """The content of `/large.bin`."""
    return LARGE


# --- httpbin ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def httpbin() -> Iterator[str]:
    """The base URL of an httpbin of our own."""
    if importlib.util.find_spec("httpbin") is None:
        missing_peer("pip install httpbin 'flask<3.2'")
    command = [sys.executable, "-W", "ignore", str(HERE / "peers" / "serve_httpbin.py")]
    with _running(command) as process:
        if process.stdout is None:
            raise RuntimeError("the server has no output to read its port from")
        port = process.stdout.readline().strip().decode()
        if not port:
            pytest.fail("httpbin did not start")
        yield f"http://127.0.0.1:{port}"


# --- processes ----------------------------------------------------------------------------------


def _nginx_command(folder: Path) -> list[str]:
    command = [find_program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    if os.geteuid() == 0:
        # Its worker would be another user, and pytest's folders are for their owner only.
        command += ["-g", f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name};"]
    return command


@contextlib.contextmanager
def _running(command: list[str], *ports: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            for port in ports:
                _wait_until_listening(port, process)
            yield process
        finally:
            # Some leave helpers behind that only the group reaches.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"{process.args!r} does not listen on port {port}, exit code {process.poll()}")
