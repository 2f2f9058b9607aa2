"""TLS with nginx: each version alone, client certificates, pins, key logs."""

import asyncio
import hashlib
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import trustme

import wherry

pytestmark = pytest.mark.network

NAMES = ("tls12", "tls13", "mutual12", "mutual13")
CONFIGURATION = """
daemon off;
worker_processes 1;
pid @FOLDER@/nginx.pid;
error_log @FOLDER@/error.log error;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path @FOLDER@/body;
    proxy_temp_path @FOLDER@/proxy;
    fastcgi_temp_path @FOLDER@/fastcgi;
    uwsgi_temp_path @FOLDER@/uwsgi;
    scgi_temp_path @FOLDER@/scgi;
    ssl_certificate @FOLDER@/certificate.pem;
    ssl_certificate_key @FOLDER@/certificate.pem;
    ssl_client_certificate @FOLDER@/authority.pem;
    default_type text/plain;
    @SERVERS@
}
"""
SERVER = """
    server {
        listen 127.0.0.1:@PORT@ ssl;
        http2 on;
        ssl_protocols @VERSION@;
        ssl_verify_client @VERIFY@;
        location / {
            set $peer "$ssl_protocol|$ssl_client_s_dn|$ssl_server_name";
            return 200 "$peer|$server_protocol|$ssl_session_reused";
        }
    }
"""


@pytest.fixture(scope="module")
def servers(
    authority: trustme.CA,
    certificate: trustme.LeafCert,
    tmp_path_factory: pytest.TempPathFactory,
    program: Callable[[str], str],
    free_port: Callable[[], int],
    nginx_command: Callable[[Path], list[str]],
    running: Callable[..., AbstractContextManager[object]],
) -> Iterator[dict[str, str]]:
    """Base URLs by name: `tls12` and `tls13` speak that version only; `mutual…` want to know us."""
    folder = tmp_path_factory.mktemp("nginx-tls")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "certificate.pem"))
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    ports = {name: free_port() for name in NAMES}
    blocks = "".join(
        SERVER.replace("@PORT@", str(port))
        .replace("@VERSION@", "TLSv1.2" if name.endswith("12") else "TLSv1.3")
        .replace("@VERIFY@", "on" if name.startswith("mutual") else "off")
        for name, port in ports.items()
    )
    if not knows_http2_directive(program("nginx")):
        blocks = blocks.replace(" ssl;", " ssl http2;").replace("        http2 on;\n", "")
    text = CONFIGURATION.replace("@SERVERS@", blocks).replace("@FOLDER@", str(folder))
    (folder / "nginx.conf").write_text(text, "utf-8")
    with running(nginx_command(folder), *ports.values()):
        yield {name: f"https://localhost:{port}/" for name, port in ports.items()}


def knows_http2_directive(program: str) -> bool:
    """Whether HTTP/2 is switched on by a line of its own: since nginx 1.25.1."""
    line = subprocess.run([program, "-v"], capture_output=True, check=True).stderr.decode()
    major, minor, patch, *_ = line.partition("nginx/")[2].split()[0].split(".")
    return (int(major), int(minor), int(patch)) >= (1, 25, 1)


@pytest.fixture
def known(authority: trustme.CA) -> ssl.SSLContext:
    """Client settings with a certificate of our own."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    authority.issue_cert("client.test", common_name="the client").configure_cert(context)
    return context


@pytest.fixture
async def plain_session() -> AsyncIterator[wherry.ClientSession]:
    """A session with default settings."""
    async with wherry.ClientSession(timeout=wherry.ClientTimeout(total=15)) as session:
        yield session


async def facts(session: wherry.ClientSession, url: str, **options: object) -> list[str]:
    """What nginx knows of the connection: version, our name, its name, HTTP, resumed or not."""
    async with session.get(url, **options) as response:  # type: ignore[arg-type]
        assert response.status == 200, await response.text()
        return (await response.text()).split("|")


@pytest.mark.parametrize(("name", "version"), [("tls12", "TLSv1.2"), ("tls13", "TLSv1.3")])
async def test_either_version_is_spoken(
    plain_session: wherry.ClientSession,
    servers: dict[str, str],
    trusting: ssl.SSLContext,
    name: str,
    version: str,
) -> None:
    """S-156 to S-158: with SNI, and HTTP/1.1 though the server would like HTTP/2."""
    for setting in (trusting, False):
        got = await facts(plain_session, servers[name], ssl=setting)
        assert got == [version, "", "localhost", "HTTP/1.1", "."]


@pytest.mark.parametrize("name", ["tls12", "tls13"])
async def test_authority_nobody_knows_is_refused(
    plain_session: wherry.ClientSession,
    servers: dict[str, str],
    trusting: ssl.SSLContext,
    name: str,
) -> None:
    """S-159, SEC-32: also after requests that did not ask."""
    await facts(plain_session, servers[name], ssl=False)

    with pytest.raises(wherry.ClientConnectorCertificateError):
        await facts(plain_session, servers[name])
    with pytest.raises(wherry.ClientConnectorCertificateError, match=r"127.0.0.1"):
        await facts(plain_session, servers[name].replace("localhost", "127.0.0.1"), ssl=trusting)
    by_name = {"ssl": trusting, "server_hostname": "localhost"}
    await facts(plain_session, servers[name].replace("localhost", "127.0.0.1"), **by_name)


@pytest.mark.parametrize("name", ["mutual12", "mutual13"])
async def test_server_that_wants_a_certificate_gets_the_right_one(
    plain_session: wherry.ClientSession,
    servers: dict[str, str],
    trusting: ssl.SSLContext,
    known: ssl.SSLContext,
    name: str,
) -> None:
    """SEC-31, SEC-34: it belongs to one context, whose connections nobody else gets."""
    got = await facts(plain_session, servers[name], ssl=known)
    assert "the client" in got[1]

    async with plain_session.get(servers[name], ssl=trusting) as response:
        assert response.status == 400
        assert "No required SSL certificate" in await response.text()
    again = await facts(plain_session, servers[name], ssl=known)
    assert "the client" in again[1]


@pytest.mark.parametrize("name", ["tls12", "tls13"])
async def test_pinned_certificate(
    plain_session: wherry.ClientSession,
    servers: dict[str, str],
    certificate_der: bytes,
    name: str,
) -> None:
    """S-160, SEC-33."""
    right = wherry.Fingerprint(hashlib.sha256(certificate_der).digest())
    wrong = wherry.Fingerprint(b"\0" * 32)

    await facts(plain_session, servers[name], ssl=right)
    with pytest.raises(wherry.ServerFingerprintMismatch):
        await facts(plain_session, servers[name], ssl=wrong)


async def test_versions_that_do_not_meet_are_a_tls_error(
    plain_session: wherry.ClientSession, servers: dict[str, str], authority: trustme.CA
) -> None:
    """S-159, S-528."""
    modern = ssl.create_default_context()
    authority.configure_trust(modern)
    modern.minimum_version = ssl.TLSVersion.TLSv1_3

    await facts(plain_session, servers["tls13"], ssl=modern)
    with pytest.raises(wherry.ClientConnectorSSLError):
        await facts(plain_session, servers["tls12"], ssl=modern)


@pytest.mark.parametrize("name", ["tls12", "tls13"])
async def test_keys_can_be_logged(
    plain_session: wherry.ClientSession,
    servers: dict[str, str],
    authority: trustme.CA,
    tmp_path: Path,
    name: str,
) -> None:
    """SSLKEYLOGFILE, as the default contexts have it from the environment."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.keylog_filename = str(tmp_path / "keys")

    await facts(plain_session, servers[name], ssl=context)

    keys = (tmp_path / "keys").read_text("ascii")
    assert ("CLIENT_RANDOM" in keys) is (name == "tls12")
    assert ("CLIENT_TRAFFIC_SECRET_0" in keys) is (name == "tls13")


async def test_closing_says_goodbye_if_there_is_time_for_it(
    servers: dict[str, str], trusting: ssl.SSLContext
) -> None:
    """S-109, S-176: nginx answers; nothing is left, and closing takes no longer than that."""
    with pytest.warns(DeprecationWarning, match="ssl_shutdown_timeout"):
        connector = wherry.TCPConnector(ssl=trusting, ssl_shutdown_timeout=5.0)
    async with wherry.ClientSession(
        connector=connector, timeout=wherry.ClientTimeout(total=15)
    ) as session:
        for name in NAMES[:2]:
            await facts(session, servers[name])
        assert sum(origin.idle for origin in connector.stats().values()) == 2
        began = asyncio.get_running_loop().time()

    assert connector.stats() == {}
    assert asyncio.get_running_loop().time() - began < 4.0
