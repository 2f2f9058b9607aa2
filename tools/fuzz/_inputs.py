"""What the targets are fed: damaged examples, and ways to cut them.

Knows nothing about what becomes of them.
"""

import tomllib
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tools.projects import ROOT

_CORPUS = ROOT / "packages" / "wherry-codec" / "tests" / "corpus"

_ATOMS = (
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"\r\n ", b"\x00", b" ", b"\t", b":", b";"),
    *(b"0\r\n\r\n", b"5", b"f", b"-", b"+", b"f" * 16, b'"', b"\\", b"=", b",", b"\x80", b"\xff"),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"),
    *(b"Host: a\r\n", b"HTTP/1.1 ", b"HTTP/1.0", b"HTTP/1.1 100 C\r\n\r\n", b"Upgrade: x\r\n"),
)
"""What parsers stumble over, to be put where it does not belong."""

Cuts = Sequence[int]


def corpus(name: str) -> list[bytes]:
    """The bytes of every case in one corpus file of the codec's tests."""
    cases = tomllib.loads((_CORPUS / f"{name}.toml").read_text("utf-8"))["case"]
    return [case["data"].encode("latin-1") for case in cases]


@st.composite
def damaged(draw: st.DrawFn, examples: Sequence[bytes], *, most: int = 4) -> bytes:
    """One of the examples with up to `most` places overwritten, cut out or added to."""
    data = draw(st.sampled_from(examples))
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 8))
        inserted = draw(st.sampled_from(_ATOMS) | st.binary(max_size=3))
        data = data[:start] + inserted + data[end:]
    return data


def cuts() -> SearchStrategy[Cuts]:
    """Where to cut the input; for `pieces`."""
    return st.lists(st.integers(1, 60), max_size=12)


def pieces(data: bytes, sizes: Cuts) -> list[bytes]:
    """`data` in pieces of these sizes in turn, again and again; whole if there are none."""
    if not sizes:
        return [data]
    found, start, turn = [], 0, 0
    while start < len(data):
        found.append(data[start : start + sizes[turn % len(sizes)]])
        start += sizes[turn % len(sizes)]
        turn += 1
    return found
