"""An nginx of our own: written configuration, one worker, started and stopped with the run.

It listens on loopback only, keeps connections alive for good, logs nothing and writes nothing
outside its temporary folder.
"""

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ._bodies import COOKIES, HOSTS, POST_ANSWER, SMALL
from ._certificate import Certificate, write_certificate
from ._pinning import pinned
from ._places import Places

INSTALL_HINT = (
    "install nginx first: apt-get install nginx-light (or dnf, pacman, brew install nginx)"
)

_CONFIGURATION = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_timeout 3600s;
    keepalive_requests 1000000000;
    open_file_cache max=100;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream itself {{ server 127.0.0.1:{port}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        {tls}
        root {folder}/www;
        # Small answers leave in one write with their heads, as those of an application server do;
        # with sendfile the kernel would send two packets, and clients would wake up twice.
        location = /small {{ sendfile off; }}
        location = /json {{ sendfile off; default_type application/json; }}
        location = /gzip {{
            sendfile off;
            default_type text/plain;
            alias {folder}/www/text.gz;
            add_header Content-Encoding gzip;
        }}
        location = /post {{ return 200 "{post_answer}"; }}
        location /distinct/ {{ sendfile off; try_files /small =404; }}
        location = /headers8 {{ {headers8} return 200 "{small}"; }}
        location = /headers30 {{ {headers30} return 200 "{small}"; }}
        # The server closes after each answer, so nobody needs an option for it.
        location = /cold {{ sendfile off; keepalive_timeout 0; try_files /small =404; }}
        # `return` would answer before the body has come. A proxy reads all of it first; what it
        # asks is this server again, which looks how much that was.
        location = /upload {{
            client_max_body_size 0;
            client_body_buffer_size 4m;
            proxy_pass http://itself/uploaded;
            proxy_http_version 1.1;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header Connection "";
            proxy_set_header X-Request-Length $request_length;
        }}
        location = /uploaded {{
            if ($http_x_request_length !~ "^[0-9][0-9][0-9][0-9][0-9][0-9][0-9]") {{ return 400; }}
            return 200 "{post_answer}";
        }}
    }}
    {hosts}
}}
"""

_HOSTS = """\
server {{
        {listen}
        root {folder}/www;
        location = /cookies/set {{ {set_cookies} return 200 "{post_answer}"; }}
        location = /cookies/small {{
            sendfile off;
            if ($http_cookie !~ "{last_cookie}") {{ return 403; }}
            try_files /small =404;
        }}
    }}"""

_FIXED_FIELDS = 5
"""Server, Date, Content-Type, Content-Length, Connection: what nginx adds by itself."""


class ServerError(Exception):
    """nginx did not start; the message holds what it said."""


def find_nginx() -> str | None:
    """The path of nginx, also where it is installed outside an ordinary user's PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/sbin")


def configuration(
    folder: Path, port: int, *, tls: tuple[int, Certificate] | None = None, hosts: int = 0
) -> str:
    """The configuration file of a server in `folder`."""
    return _CONFIGURATION.format(
        folder=folder,
        port=port,
        post_answer=POST_ANSWER.decode(),
        small=SMALL.decode(),
        headers8=_varying_fields(8),
        headers30=_varying_fields(30),
        tls=_tls(*tls) if tls else "",
        hosts=_host_server(folder, port, hosts) if hosts else "",
    )


def _varying_fields(total: int) -> str:
    values = ("$request_id", "$msec", "$connection-$connection_requests")
    return " ".join(
        f'add_header X-Varying-{n} "{values[n % 3]}";' for n in range(total - _FIXED_FIELDS)
    )


def _tls(port: int, certificate: Certificate) -> str:
    """A second port; no resumption, so that a cold connection is cold for everyone."""
    return (
        f"listen 127.0.0.1:{port} ssl backlog=4096; ssl_certificate {certificate.chain};"
        f" ssl_certificate_key {certificate.key}; ssl_protocols TLSv1.2 TLSv1.3;"
        " ssl_session_cache off; ssl_session_tickets off;"
    )


def host_addresses(count: int) -> list[str]:
    """Loopback addresses that are hosts of their own to a cookie jar."""
    return [f"127.0.{1 + n // 250}.{1 + n % 250}" for n in range(count)]


def _host_server(folder: Path, port: int, count: int) -> str:
    name, value = list(COOKIES.items())[-1]
    return _HOSTS.format(
        folder=folder,
        listen=" ".join(f"listen {address}:{port};" for address in host_addresses(count)),
        set_cookies=" ".join(
            f'add_header Set-Cookie "{name}={value}; Path=/";' for name, value in COOKIES.items()
        ),
        last_cookie=f"{name}={value}",
        post_answer=POST_ANSWER.decode(),
    )


@contextlib.contextmanager
def serving(files: Mapping[str, bytes | int], *, cpu: int | None) -> Iterator[Places]:
    """Runs nginx with these files on a CPU of its own; gives the addresses.

    There is no TLS without the package trustme, and one host only but on Linux, where all of
    127.0.0.0/8 is there. Raises ServerError if nginx is missing or does not come up.
    """
    nginx = find_nginx()
    if nginx is None:
        raise ServerError(INSTALL_HINT)
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as name:
        folder, port = Path(name), _free_port()
        certificate = write_certificate(folder)
        tls = (_free_port(), certificate) if certificate else None
        hosts = HOSTS if sys.platform == "linux" else 0
        _write(folder, files)
        text = configuration(folder, port, tls=tls, hosts=hosts)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        with _running([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")], cpu) as process:
            _wait_until_up(process, port, folder)
            yield Places(
                plain=f"http://127.0.0.1:{port}",
                tls=f"https://127.0.0.1:{tls[0]}" if tls else "",
                ca_file=str(certificate.ca) if certificate else "",
                hosts=[f"http://{address}:{port}" for address in host_addresses(hosts)],
                upload_file=str(folder / "www" / "body1m"),
            )


@contextlib.contextmanager
def _running(command: list[str], cpu: int | None) -> Iterator[subprocess.Popen[bytes]]:
    with pinned(cpu):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _write(folder: Path, files: Mapping[str, bytes | int]) -> None:
    """The files, readable for the worker, which may run as another user; sizes become zeros."""
    folder.chmod(0o755)
    www = folder / "www"
    www.mkdir(mode=0o755)
    for file, content in files.items():
        if isinstance(content, int):
            with (www / file).open("wb") as sparse:
                sparse.truncate(content)
        else:
            (www / file).write_bytes(content)
        (www / file).chmod(0o644)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    log = folder / "error.log"
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    if process.poll() is not None and process.stdout is not None:
        said += process.stdout.read().decode(errors="replace")
    raise ServerError(
        f"nginx did not answer on port {port} within 10 s: {said.strip() or 'no log'}"
    )
