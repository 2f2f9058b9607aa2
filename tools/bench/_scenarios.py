"""What the contestants are asked to do: paths, bodies, and how many at a time."""

from dataclasses import dataclass

from ._bodies import (
    BODY_1M,
    BODY_64K,
    BODY_100M,
    HOSTS,
    ITEMS,
    POST_ANSWER,
    SMALL,
    TEXT,
    TEXT_GZIP,
)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One kind of load.

    `method` is the name of the Client method, `tasks` share the requests, `size` is the expected
    body and `wire` what of it is on the wire, where that differs. `least` requests make a slice.
    `cold` means a connection for each request, `distinct` a URL for each, `hosts` that so many take
    turns, with cookies.
    """

    name: str
    about: str
    group: str
    method: str = "get"
    path: str = "/small"
    tasks: int = 1
    size: int = len(SMALL)
    wire: int | None = None
    least: int = 8
    tls: bool = False
    cold: bool = False
    distinct: bool = False
    hosts: int = 0

    def expected(self, client: str) -> int:
        """Bytes a request should read; the floor decodes nothing."""
        return self.size if self.wire is None or client != "floor" else self.wire


_ANSWER = len(POST_ANSWER)

_QUICK = (
    Scenario(name="concurrent64", about="small GET, 64 tasks", group="quick", tasks=64),
    Scenario(
        name="headers8",
        about="small GET, 64 tasks, 8 response fields of which 3 differ each time",
        group="quick",
        path="/headers8",
        tasks=64,
    ),
    Scenario(
        name="headers30",
        about="small GET, 64 tasks, 30 response fields of which 25 differ each time",
        group="quick",
        path="/headers30",
        tasks=64,
    ),
    Scenario(name="sequential", about="small GET, one after another", group="quick"),
    Scenario(
        name="json10k",
        about="GET of 10 kB JSON, 16 tasks, decoded",
        group="quick",
        method="get_json",
        path="/json",
        tasks=16,
        size=len(ITEMS),
    ),
    Scenario(
        name="body1m",
        about="GET of 1 MiB, 4 tasks, read()",
        group="quick",
        path="/body1m",
        tasks=4,
        size=len(BODY_1M),
    ),
    Scenario(
        name="post-json",
        about="POST of JSON, 16 tasks",
        group="quick",
        method="post_json",
        path="/post",
        tasks=16,
        size=_ANSWER,
    ),
)

_REQUESTS = (
    Scenario(
        name="distinct64",
        about="small GET, 64 tasks, a URL never asked for before",
        group="requests",
        path="/distinct/",
        tasks=64,
        distinct=True,
    ),
    Scenario(
        name="post64",
        about="POST of JSON, 64 tasks",
        group="requests",
        method="post_json",
        path="/post",
        tasks=64,
        size=_ANSWER,
    ),
    Scenario(
        name="cookies200",
        about=f"small GET from {HOSTS} hosts in turn, 16 tasks, 1,000 cookies in the jar",
        group="requests",
        path="/cookies/small",
        tasks=16,
        least=2 * HOSTS,
        hosts=HOSTS,
    ),
)

_BODIES = (
    Scenario(
        name="body64k",
        about="GET of 64 KiB, 16 tasks, read()",
        group="bodies",
        path="/body64k",
        tasks=16,
        size=len(BODY_64K),
    ),
    Scenario(
        name="body100m",
        about="GET of 100 MiB, read()",
        group="bodies",
        path="/body100m",
        size=BODY_100M,
        least=1,
    ),
    Scenario(
        name="stream100m",
        about="GET of 100 MiB, streamed, nothing kept",
        group="bodies",
        method="get_stream",
        path="/body100m",
        size=BODY_100M,
        least=1,
    ),
    Scenario(
        name="gzip100k",
        about="GET of 100 kB text in gzip, 16 tasks, read() decoded",
        group="bodies",
        path="/gzip",
        tasks=16,
        size=len(TEXT),
        wire=len(TEXT_GZIP),
    ),
)


def _upload(name: str, about: str, method: str) -> Scenario:
    return Scenario(
        name=name,
        about=about,
        group="uploads",
        method=method,
        path="/upload",
        tasks=4,
        size=_ANSWER,
    )


_UPLOADS = (
    _upload("upload-bytes", "POST of 1 MiB of bytes, 4 tasks", "post_bytes"),
    _upload("upload-file", "POST of a file of 1 MiB, 4 tasks", "post_file"),
    _upload("upload-generator", "POST of 16 chunks of 64 KiB, 4 tasks", "post_chunks"),
    _upload("upload-multipart", "POST of a form with a file of 1 MiB, 4 tasks", "post_form"),
)

_CONNECTIONS = (
    Scenario(
        name="cold",
        about="small GET, a TCP connection for each, 4 tasks",
        group="connections",
        path="/cold",
        tasks=4,
        cold=True,
    ),
    Scenario(
        name="cold-tls",
        about="small GET, a TLS connection for each without resumption, 4 tasks",
        group="connections",
        path="/cold",
        tasks=4,
        cold=True,
        tls=True,
    ),
    Scenario(
        name="tls64",
        about="small GET over TLS connections that stay, 64 tasks",
        group="connections",
        tasks=64,
        tls=True,
    ),
    Scenario(
        name="tls1m",
        about="GET of 1 MiB over TLS, 4 tasks, read()",
        group="connections",
        path="/body1m",
        tasks=4,
        size=len(BODY_1M),
        tls=True,
    ),
)

_SCALE = tuple(
    Scenario(name=f"scale{n}", about=f"small GET, {n} at a time", group="scale", tasks=n)
    for n in (1, 4, 16, 64, 256, 1000)
)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (*_QUICK, *_REQUESTS, *_BODIES, *_UPLOADS, *_CONNECTIONS, *_SCALE)
}
"""By name, in the order they are run."""
