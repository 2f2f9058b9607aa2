"""An nginx of our own: written configuration, one worker, started and stopped with the run.

It listens on loopback only, keeps connections alive for good, logs nothing and writes nothing
outside its temporary folder.
"""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ._pinning import pinned
from ._scenarios import POST_ANSWER

INSTALL_HINT = (
    "install nginx first: apt-get install nginx-light (or dnf, pacman, brew install nginx)"
)

_CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 1024; }}
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
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root {folder}/www;
        # Small answers leave in one write with their heads, as those of an application server do;
        # with sendfile the kernel would send two packets, and clients would wake up twice.
        location = /small {{ sendfile off; }}
        location = /json {{ sendfile off; default_type application/json; }}
        location = /post {{ return 200 "{post_answer}"; }}
        location /varying/ {{
            sendfile off;
            alias {folder}/www/;
            add_header X-Request-Id $request_id;
            add_header X-Time $msec;
            add_header X-Connection-Requests $connection_requests;
        }}
    }}
}}
"""


class ServerError(Exception):
    """nginx did not start; the message holds what it said."""


def find_nginx() -> str | None:
    """The path of nginx, also where it is installed outside an ordinary user's PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/sbin")


def configuration(folder: Path, port: int) -> str:
    """The configuration file of a server in `folder`."""
    return _CONFIGURATION.format(folder=folder, port=port, post_answer=POST_ANSWER.decode())


@contextlib.contextmanager
def serving(files: Mapping[str, bytes], *, cpu: int | None) -> Iterator[str]:
    """Runs nginx with these files on a CPU of its own; gives the base URL.

    Raises ServerError if nginx is missing or does not come up.
    """
    nginx = find_nginx()
    if nginx is None:
        raise ServerError(INSTALL_HINT)
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as name:
        folder, port = Path(name), _free_port()
        _write(folder, port, files)
        command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        with pinned(cpu):
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        try:
            _wait_until_up(process, port, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _write(folder: Path, port: int, files: Mapping[str, bytes]) -> None:
    """Files and configuration, readable for the worker, which may run as another user."""
    folder.chmod(0o755)
    www = folder / "www"
    www.mkdir(mode=0o755)
    for file, content in files.items():
        (www / file).write_bytes(content)
        (www / file).chmod(0o644)
    (folder / "nginx.conf").write_text(configuration(folder, port), encoding="utf-8")


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
