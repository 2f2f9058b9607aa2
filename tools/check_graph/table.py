"""The layer table: who stands above whom, and who does without asyncio and ssl.

This is the architecture's picture as data. A new package gets its line here before it gets its
first module.
"""

LAYERS = {
    "wherry-cli": 4,
    "wherry": 3,
    "wherry-pool": 2,
    "wherry-websocket": 2,
    "wherry-multipart": 2,
    "wherry-codec": 1,
    "wherry-payload": 1,
    "wherry-cookies": 1,
    "wherry-tracing": 1,
    "wherry-errors": 0,
    "wherry-speedups": 0,
}
"""Distribution to layer. A package may import siblings of a strictly lower layer only."""

WITHOUT_IO = frozenset({"wherry-codec", "wherry-cookies", "wherry-errors", "wherry-tracing"})
"""Packages that neither import nor load any of `IO_MODULES`."""

IO_MODULES = frozenset({"asyncio", "ssl"})

LAZY_IO = {"wherry-errors": frozenset({"ssl"})}
"""What a package of `WITHOUT_IO` may import in a module that is loaded only through `__getattr__`.

An exception class that derives from `ssl.SSLError` needs ssl, but only where that class is asked
for.
"""

TYPED_ONLY = {
    "wherry-errors": frozenset({"yarl"}),
    "wherry-websocket": frozenset({"typing-extensions"}),  # type checkers bring it along
}
"""Outside distributions that a package names in annotations and does not require at run time."""

NEWER_STDLIB = frozenset({"annotationlib", "compression"})
"""Standard modules of later Python versions, which this interpreter's own list may not have."""
