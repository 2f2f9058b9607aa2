"""The client through proxies that others wrote: squid, tinyproxy, microsocks, dante.

For TLS to a proxy, haproxy stands in front of squid. Behind all of them is nginx.
"""

import shutil
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import trustme

import wherry

pytestmark = pytest.mark.network

LOGIN = wherry.BasicAuth("boat", "pa:ss wörd", "utf-8")

SQUID = """
http_port 127.0.0.1:{port}
auth_param basic program {python} {folder}/check_login.py
auth_param basic children 1
acl known proxy_auth REQUIRED
acl forbidden dstdomain forbidden.test
http_access deny forbidden
http_access allow known
http_access deny all
cache deny all
access_log none
cache_log /dev/null
pid_filename none
shutdown_lifetime 0 seconds
visible_hostname squid.test
coredump_dir {folder}
"""

# Squid asks with both parts percent-encoded, one line each.
CHECK_LOGIN = """
import sys
from urllib.parse import unquote
for line in sys.stdin:
    parts = [unquote(part) for part in line.split()[:2]]
    print("OK" if parts == {login!r} else "ERR", flush=True)
"""

TINYPROXY = """
Listen 127.0.0.1
Port {port}
Timeout 30
LogLevel Critical
MaxClients 20
ViaProxyName "tinyproxy.test"
"""

HAPROXY = """
global
    maxconn 50
defaults
    mode tcp
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend tls
    bind 127.0.0.1:{port} ssl crt {folder}/certificate.pem
    default_backend squid
backend squid
    server squid 127.0.0.1:{squid}
"""

DANTE = """
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: root
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 protocol: tcp }}
"""


Program = Callable[[str], str]
FreePort = Callable[[], int]
Running = Callable[..., AbstractContextManager[object]]

# --- peers --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """For configurations. Others than root may read it: squid gives up being root."""
    with tempfile.TemporaryDirectory(prefix="wherry-proxies-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="session")
def squid(folder: Path, program: Program, free_port: FreePort, running: Running) -> Iterator[int]:
    """The port of an HTTP proxy that wants credentials."""
    command, port = program("squid"), free_port()
    login = [LOGIN.login, LOGIN.password]
    (folder / "check_login.py").write_text(CHECK_LOGIN.format(login=login), "utf-8")
    # The system's Python: an environment in somebody's home may be for its owner only.
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    text = SQUID.format(port=port, folder=folder, python=python)
    (folder / "squid.conf").write_text(text, "utf-8")
    service = f"wherry{port}"  # names its shared memory
    with running([command, "-N", "-n", service, "-f", str(folder / "squid.conf")], port):
        yield port


@pytest.fixture(scope="session")
def https_proxy(
    folder: Path,
    squid: int,
    certificate: trustme.LeafCert,
    program: Program,
    free_port: FreePort,
    running: Running,
) -> Iterator[Callable[[str], str]]:
    """The same proxy spoken to through TLS: a function from a host name to its URL."""
    command, port = program("haproxy"), free_port()
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "certificate.pem"))
    text = HAPROXY.format(port=port, folder=folder, squid=squid)
    (folder / "haproxy.cfg").write_text(text, "utf-8")
    with running([command, "-db", "-f", str(folder / "haproxy.cfg")], port):
        yield lambda host: f"https://{host}:{port}"


@pytest.fixture(scope="session")
def tinyproxy(
    folder: Path, program: Program, free_port: FreePort, running: Running
) -> Iterator[str]:
    """The URL of an HTTP proxy that lets everybody in."""
    command, port = program("tinyproxy"), free_port()
    (folder / "tinyproxy.conf").write_text(TINYPROXY.format(port=port), "utf-8")
    with running([command, "-d", "-c", str(folder / "tinyproxy.conf")], port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def microsocks(program: Program, free_port: FreePort, running: Running) -> Iterator[int]:
    """The port of a SOCKS5 proxy that wants credentials."""
    command, port = program("microsocks"), free_port()
    login = ["-u", LOGIN.login, "-P", LOGIN.password]
    with running([command, "-i", "127.0.0.1", "-p", str(port), *login], port):
        yield port


@pytest.fixture(scope="session")
def dante(folder: Path, program: Program, free_port: FreePort, running: Running) -> Iterator[int]:
    """The port of a SOCKS proxy, versions 4 and 5, that lets everybody in."""
    command, port = program("danted"), free_port()
    (folder / "danted.conf").write_text(DANTE.format(port=port), "utf-8")
    with running([command, "-f", str(folder / "danted.conf")], port):
        yield port


@pytest.fixture
async def secure_session(trusting: ssl.SSLContext) -> AsyncIterator[wherry.ClientSession]:
    """A session that trusts the servers' certificate."""
    timeout = wherry.ClientTimeout(total=15)
    async with wherry.ClientSession(timeout=timeout, ssl=trusting) as session:
        yield session


# --- squid --------------------------------------------------------------------------------------


async def test_squid_forwards_a_plain_request(
    session: wherry.ClientSession, squid: int, http_url: str, small: bytes
) -> None:
    """S-164: with the credentials it wants."""
    proxy = f"http://127.0.0.1:{squid}"
    for _ in range(3):
        async with session.get(f"{http_url}/small.txt", proxy=proxy, proxy_auth=LOGIN) as response:
            assert await response.read() == small
            assert "squid.test" in response.headers["Via"]


async def test_squid_opens_a_tunnel_that_is_used_again(
    secure_session: wherry.ClientSession, squid: int, https_url: str, large: bytes
) -> None:
    """S-165, S-171: nginx sees one connection, and nothing of the proxy."""
    connections = set()
    for _ in range(3):
        async with secure_session.get(
            f"{https_url}/large.bin", proxy=f"http://127.0.0.1:{squid}", proxy_auth=LOGIN
        ) as response:
            assert await response.read() == large
            assert "Via" not in response.headers
            connections.add(response.headers["X-Connection"])

    assert len(connections) == 1


@pytest.mark.parametrize("auth", [None, wherry.BasicAuth("boat", "wrong")])
async def test_squid_wants_credentials_for_a_tunnel(
    secure_session: wherry.ClientSession,
    squid: int,
    https_url: str,
    auth: wherry.BasicAuth | None,
) -> None:
    """S-167, S-530."""
    with pytest.raises(wherry.ClientHttpProxyError) as got:
        await secure_session.get(
            f"{https_url}/small.txt", proxy=f"http://127.0.0.1:{squid}", proxy_auth=auth
        )

    assert got.value.status == 407
    assert got.value.headers is not None
    assert got.value.headers["Proxy-Authenticate"].startswith("Basic")
    assert got.value.request_info.method == "CONNECT"


async def test_squid_wants_credentials_for_a_plain_request(
    session: wherry.ClientSession, squid: int, http_url: str
) -> None:
    """S-164: to such a request the proxy's answer is the response."""
    async with session.get(f"{http_url}/small.txt", proxy=f"http://127.0.0.1:{squid}") as response:
        assert response.status == 407


@pytest.mark.parametrize(("host", "status"), [("forbidden.test", 403), ("127.0.0.1:1", 503)])
async def test_squid_refuses_a_tunnel(
    secure_session: wherry.ClientSession, squid: int, host: str, status: int
) -> None:
    """S-167: not allowed, and refused by the target."""
    with pytest.raises(wherry.ClientHttpProxyError) as got:
        await secure_session.get(
            f"https://{host}/", proxy=f"http://127.0.0.1:{squid}", proxy_auth=LOGIN
        )

    assert got.value.status == status


async def test_certificate_fault_behind_squid(
    session: wherry.ClientSession, squid: int, https_url: str
) -> None:
    """S-172."""
    with pytest.raises(wherry.ClientConnectorCertificateError) as got:
        await session.get(https_url, proxy=f"http://127.0.0.1:{squid}", proxy_auth=LOGIN)

    assert got.value.host == "localhost"


# --- TLS to the proxy ---------------------------------------------------------------------------


async def test_tls_through_tls(
    secure_session: wherry.ClientSession,
    https_proxy: Callable[[str], str],
    https_url: str,
    large: bytes,
) -> None:
    """S-169: no warning, and as many bytes as there are."""
    for _ in range(2):
        async with secure_session.get(
            f"{https_url}/large.bin", proxy=https_proxy("localhost"), proxy_auth=LOGIN
        ) as response:
            assert await response.read() == large


async def test_plain_request_through_tls_to_the_proxy(
    secure_session: wherry.ClientSession,
    https_proxy: Callable[[str], str],
    http_url: str,
    small: bytes,
) -> None:
    """S-164, S-169."""
    async with secure_session.get(
        f"{http_url}/small.txt", proxy=https_proxy("localhost"), proxy_auth=LOGIN
    ) as response:
        assert await response.read() == small
        assert "squid.test" in response.headers["Via"]


async def test_certificate_of_the_proxy_is_verified(
    secure_session: wherry.ClientSession, https_proxy: Callable[[str], str], https_url: str
) -> None:
    """S-159, S-467: by its own name, whatever the target's is."""
    with pytest.raises(wherry.ClientConnectorCertificateError) as got:
        await secure_session.get(
            https_url,
            proxy=https_proxy("127.0.0.1"),
            proxy_auth=LOGIN,
            server_hostname="localhost",
        )

    assert got.value.host == "127.0.0.1"


# --- tinyproxy ----------------------------------------------------------------------------------


async def test_tinyproxy_forwards_and_tunnels(
    secure_session: wherry.ClientSession,
    tinyproxy: str,
    http_url: str,
    https_url: str,
    text: bytes,
) -> None:
    """S-164, S-165: a proxy that speaks HTTP/1.0 and closes."""
    for base in (http_url, https_url):
        for _ in range(2):
            async with secure_session.get(f"{base}/text.txt", proxy=tinyproxy) as response:
                assert await response.read() == text
                assert ("Via" in response.headers) is (base == http_url)


async def test_tinyproxy_cannot_reach_the_target(
    secure_session: wherry.ClientSession, tinyproxy: str
) -> None:
    """S-530."""
    with pytest.raises(wherry.ClientHttpProxyError) as got:
        await secure_session.get("https://127.0.0.1:1/", proxy=tinyproxy)

    assert got.value.status >= 500


# --- SOCKS --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_microsocks_connects(
    secure_session: wherry.ClientSession,
    microsocks: int,
    http_url: str,
    https_url: str,
    large: bytes,
    scheme: str,
) -> None:
    """RFC 1928, RFC 1929: plain and TLS; the connection is used again (S-171)."""
    proxy = f"{scheme}://127.0.0.1:{microsocks}"
    for base in (http_url, https_url):
        connections = set()
        for _ in range(2):
            async with secure_session.get(
                f"{base}/large.bin", proxy=proxy, proxy_auth=LOGIN
            ) as response:
                assert await response.read() == large
                connections.add(response.headers["X-Connection"])
        assert len(connections) == 1


@pytest.mark.parametrize(
    ("auth", "text"),
    [
        (None, "does not allow anonymous access"),
        (wherry.BasicAuth("boat", "wrong"), "refused the user name and password"),
    ],
)
async def test_microsocks_wants_credentials(
    session: wherry.ClientSession,
    microsocks: int,
    http_url: str,
    auth: wherry.BasicAuth | None,
    text: str,
) -> None:
    """RFC 1929 §2."""
    with pytest.raises(wherry.ClientProxyConnectionError, match=text):
        await session.get(http_url, proxy=f"socks5h://127.0.0.1:{microsocks}", proxy_auth=auth)


async def test_microsocks_cannot_reach_the_target(
    session: wherry.ClientSession, microsocks: int
) -> None:
    """RFC 1928 §6: the reason it gives is in the error."""
    with pytest.raises(wherry.ClientProxyConnectionError, match=r"connection refused \(reply 5\)"):
        await session.get(
            "http://127.0.0.1:1/", proxy=f"socks5h://127.0.0.1:{microsocks}", proxy_auth=LOGIN
        )


@pytest.mark.parametrize("scheme", ["socks4", "socks5", "socks5h"])
async def test_dante_connects(
    secure_session: wherry.ClientSession,
    dante: int,
    http_url: str,
    https_url: str,
    text: bytes,
    scheme: str,
) -> None:
    """RFC 1928 without credentials, and SOCKS4; Dante does not know SOCKS4a."""
    plain = http_url.replace("127.0.0.1", "localhost")
    for base in (plain, https_url):
        async with secure_session.get(
            f"{base}/text.txt", proxy=f"{scheme}://127.0.0.1:{dante}"
        ) as response:
            assert await response.read() == text


@pytest.mark.parametrize("scheme", ["socks4", "socks5"])
async def test_dante_cannot_reach_the_target(
    session: wherry.ClientSession, dante: int, scheme: str
) -> None:
    """Both versions say so."""
    with pytest.raises(wherry.ClientProxyConnectionError, match=r"reply (1|5|91)\)"):
        await session.get("http://127.0.0.1:1/", proxy=f"{scheme}://127.0.0.1:{dante}")


async def test_no_proxy_there(
    session: wherry.ClientSession, http_url: str, free_port: FreePort
) -> None:
    """S-524."""
    port = free_port()
    for scheme in ("http", "https", "socks4", "socks5h"):
        with pytest.raises(wherry.ClientProxyConnectionError) as got:
            await session.get(http_url, proxy=f"{scheme}://127.0.0.1:{port}")
        assert (got.value.host, got.value.port) == ("127.0.0.1", port)
