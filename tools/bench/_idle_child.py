"""A contestant with many idle connections: `... _idle_child CLIENT URL CA_FILE COUNT`.

Opens a hundred connections, then COUNT more, by requests that are answered only when all are there;
prints how much the memory of this process grew from the first to the last.
"""

import asyncio
import gc
import json
import sys

from ._clients import Client, Setup, open_client
from ._pinning import allow_many_files
from ._resident import resident_bytes

FIRST = 100
"""Connections that are open before the count begins; what is allocated once is then there."""


async def _open(client: Client, base: str, count: int) -> None:
    await asyncio.gather(*(client.get(f"{base}/together/{count}") for _ in range(count)))
    # What the requests themselves took is given back, as far as it is.
    gc.collect()


async def growth(name: str, base: str, ca_file: str, count: int) -> int:
    """Bytes that `count` more connections take."""
    client = open_client(
        name, Setup(connections=FIRST + count, keep_all=True, ca_file=ca_file or None)
    )
    await _open(client, base, FIRST)
    before = resident_bytes()
    await _open(client, base, FIRST + count)
    after = resident_bytes()
    await client.close()
    return after - before


if __name__ == "__main__":
    allow_many_files()
    name, base, ca_file, count = sys.argv[1:]
    grown = asyncio.run(growth(name, base, ca_file, int(count)))
    print(json.dumps({"connections": int(count), "bytes": grown}))
