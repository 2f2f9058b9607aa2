"""Transfer codings other than chunked (RFC 9112 §6.1, §7, §7.2).

Decides which of them are undone. They are the content codings of the same names, so `coding` does
the work. Knows nothing about chunks, which are undone first, by `_chunked`.
"""

from typing import Final

from . import coding
from ._errors import TransferEncodingError, quote
from ._field_syntax import OWS

_KNOWN: Final = frozenset(("gzip", "x-gzip", "deflate"))
"""Those of the registry that are in use; nobody has sent `compress` for decades."""


def make_transfer_decoder(transfer_encoding: bytes | None) -> coding.ContentDecoder | None:
    """What undoes the codings of a message's `transfer_encoding` below the chunked one.

    Feed it the body without its chunks, or up to the end of the connection where `chunked` is not
    there. None if there is nothing to undo. Raises `TransferEncodingError` for a coding that is not
    known or has parameters, and `ContentEncodingError` for too many of them.
    """
    if transfer_encoding is None or transfer_encoding == b"chunked":
        return None
    text = transfer_encoding.decode("latin-1")
    names = [name.strip(OWS).lower() for name in text.split(",")]
    # Empty elements mean nothing, and `identity` has not been a transfer coding since RFC 7230.
    names = [name for name in names if name not in ("", "identity")]
    if names and names[-1] == "chunked":
        names.pop()
    for name in names:
        if name not in _KNOWN:
            raise TransferEncodingError(
                f"transfer coding is none of chunked, gzip and deflate: {quote(name)}"
            )
    return coding.make_decoder(",".join(names))
