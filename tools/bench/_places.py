"""Where the servers of a run are, as the parent tells the contestants' processes."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Places:
    """Base URLs without a slash at the end; empty where there is no such server.

    `plain` and `tls` are nginx; `hosts` are more addresses of it; `ca_file` is the authority of
    `tls`; `upload_file` is what file uploads send. `socket` and `deflating_socket` are the
    WebSocket servers, the latter with permessage-deflate.
    """

    plain: str = ""
    tls: str = ""
    ca_file: str = ""
    hosts: Sequence[str] = ()
    upload_file: str = ""
    socket: str = ""
    deflating_socket: str = ""

    def socket_for(self, *, compressed: bool) -> str:
        """The WebSocket server for a kind of conversation."""
        return self.deflating_socket if compressed else self.socket
