"""What is sent and served: bodies, files, cookies.

Made here for both sides: the server gets them as files or in its configuration, the run checks
sizes.
"""

import gzip
import json
from collections.abc import AsyncIterator

KIB = 1024
MIB = 1024 * KIB

SMALL = b"Hello, world!"
BODY_64K = bytes(range(256)) * 256
BODY_1M = bytes(range(256)) * 4096
BODY_100M = 100 * MIB
"""A size: the file is sparse, so that it takes no memory on either side."""

ITEMS = json.dumps(
    [{"id": n, "name": f"item {n}", "price": n * 1.25, "tags": ["a", "b"]} for n in range(160)]
).encode()
TEXT = b"".join(b"%d %s\n" % (n, ITEMS[n % 97 : n % 97 + 70]) for n in range(1300))
"""About 100 kB that compress to a tenth."""

TEXT_GZIP = gzip.compress(TEXT, 6, mtime=0)
POSTED = {"name": "wherry", "numbers": list(range(20)), "nested": {"yes": True, "no": None}}
POST_ANSWER = b"ok"
FIELDS = {"title": "a picture", "public": "yes"}

COOKIES = {f"bench-{n}": f"{n * 7919 % 10007:05d}-value-of-a-session" for n in range(5)}
"""What each of the hosts sets."""

COOKIE_HEADER = "Cookie: " + "; ".join(f"{name}={value}" for name, value in COOKIES.items())
COOKIE_HEADER += "\r\n"

HOSTS = 200
"""With five cookies each, a jar holds a thousand."""


async def upload_chunks() -> AsyncIterator[bytes]:
    """1 MiB in 16 pieces."""
    for _ in range(16):
        yield BODY_64K


FILES: dict[str, bytes | int] = {
    "small": SMALL,
    "json": ITEMS,
    "text.gz": TEXT_GZIP,
    "body64k": BODY_64K,
    "body1m": BODY_1M,
    "body100m": BODY_100M,
}
"""File name to content, or to a size to fill with zeros; below the server's root."""
