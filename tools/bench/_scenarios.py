"""What the contestants are asked to do: paths, bodies, and how many at a time.

The bodies are made here for both sides: the server writes them to files, the run checks their size.
"""

import json
from dataclasses import dataclass

SMALL = b"Hello, world!"
ONE_MEGABYTE = bytes(range(256)) * 4096
ITEMS = json.dumps(
    [{"id": n, "name": f"item {n}", "price": n * 1.25, "tags": ["a", "b"]} for n in range(160)]
).encode()
POSTED = {"name": "wherry", "numbers": list(range(20)), "nested": {"yes": True, "no": None}}
POST_ANSWER = b"ok"


@dataclass(frozen=True)
class Scenario:
    """One kind of load.

    `method` is the name of the Client method; `tasks` share the requests; `size` is the expected
    body.
    """

    name: str
    about: str
    method: str
    path: str
    tasks: int
    size: int


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("concurrent64", "small GET, 64 tasks", "get", "/small", 64, len(SMALL)),
        Scenario(
            "varying64",
            "small GET, 64 tasks, header values that differ from response to response",
            "get",
            "/varying/small",
            64,
            len(SMALL),
        ),
        Scenario("sequential", "small GET, one after another", "get", "/small", 1, len(SMALL)),
        Scenario("json10k", "GET of 10 kB JSON, decoded", "get_json", "/json", 16, len(ITEMS)),
        Scenario("body1m", "GET of 1 MiB", "get", "/body1m", 4, len(ONE_MEGABYTE)),
        Scenario("post-json", "POST of JSON, 16 tasks", "post_json", "/post", 16, len(POST_ANSWER)),
    )
}

FILES = {"small": SMALL, "json": ITEMS, "body1m": ONE_MEGABYTE}
"""File name to content, below the server's root; /varying/ leads to the same files."""
