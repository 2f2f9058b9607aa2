"""Serves httpbin on a free port of the loopback interface, and prints the port.

A process of its own: what Flask warns about and leaves open is not what these tests are about.
"""

from typing import TYPE_CHECKING

from httpbin import app  # type: ignore[import-untyped]
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # werkzeug's default is 1.0, a connection for every request

    def make_environ(self) -> "WSGIEnvironment":
        # httpbin answers chunked requests only where it knows that the server undoes the chunks.
        return super().make_environ() | {"SERVER_SOFTWARE": "gunicorn/werkzeug"}

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: standard output is for the port."""


def main() -> None:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
