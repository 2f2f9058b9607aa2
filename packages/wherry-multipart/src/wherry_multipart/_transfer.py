"""Transfer encodings of body parts: base64 and quoted-printable (RFC 2045 §6.7, §6.8).

Encoders and decoders that work piece by piece, whatever the pieces are. Content codings are the
codec's business.
"""

import binascii
import re
from typing import Protocol

LINE = 76
"""Columns of a quoted-printable line, RFC 2045 §6.7 rule 5."""


class TransferCoder(Protocol):
    """One direction of a transfer encoding, for one part."""

    def feed(self, data: bytes, /) -> bytes:
        """Take `data`, return what is ready."""
        ...

    def finish(self) -> bytes:
        """The rest."""
        ...


class Base64Encoder:
    """base64 in one line: HTTP has no limit on lines (RFC 9112 appendix B.6)."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, /) -> bytes:
        """Encode all whole groups of three bytes."""
        data = self._rest + data
        cut = len(data) - len(data) % 3
        self._rest = data[cut:]
        return binascii.b2a_base64(data[:cut], newline=False)

    def finish(self) -> bytes:
        """The last group, padded."""
        rest, self._rest = self._rest, b""
        return binascii.b2a_base64(rest, newline=False)


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)


def only_base64(data: bytes) -> bytes:
    """`data` without line breaks and other foreign bytes (RFC 2045 §6.8)."""
    return data.translate(None, _NOT_BASE64)


def base64_groups_end(data: bytes) -> int:
    """Where the last whole group of four base64 characters in `data` ends, 0 if there is none.

    Foreign bytes behind that group, before the next character, count as part of it.
    """
    surplus, end = len(only_base64(data)), len(data)
    if surplus < 4:
        return 0
    surplus %= 4
    while surplus:
        end -= 1
        surplus -= data[end] in _BASE64
    return end


class Base64Decoder:
    """Decodes base64; line breaks and other foreign bytes are ignored, as RFC 2045 §6.8 wants."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, /) -> bytes:
        """Decode all whole groups of four characters. `ValueError` if they are none."""
        data = self._rest + only_base64(data)
        cut = len(data) - len(data) % 4
        self._rest = data[cut:]
        return binascii.a2b_base64(data[:cut])

    def finish(self) -> bytes:
        """Nothing, or `ValueError` if the data ended inside a group."""
        rest, self._rest = self._rest, b""
        return binascii.a2b_base64(rest)


_quote_bytes = re.compile(rb"[^\t !-<>-~]").sub


def _escape(match: re.Match[bytes]) -> bytes:
    return b"=%02X" % match[0][0]


class QuotedPrintableEncoder:
    """quoted-printable: CRLF stays, a lone CR or LF is escaped, long lines are broken."""

    def __init__(self) -> None:
        self._rest = b""
        self._column = 0

    def feed(self, data: bytes, /) -> bytes:
        """Encode all but a blank and a CR at the end, whose form depends on what follows."""
        data = self._rest + data
        cut = len(data) - data.endswith(b"\r")
        cut -= data[:cut].endswith((b" ", b"\t"))
        self._rest = data[cut:]
        return self._encode(data[:cut])

    def finish(self) -> bytes:
        """What was kept back; a blank at the end is escaped, it would not survive."""
        rest, self._rest = self._rest, b""
        if rest.endswith((b" ", b"\t")):
            return self._encode(rest[:-1]) + self._fold(b"=%02X" % rest[-1])
        return self._encode(rest)

    def _encode(self, data: bytes) -> bytes:
        lines = data.split(b"\r\n")
        out = []
        for line in lines[:-1]:
            out.append(self._fold(self._line(line)) + b"\r\n")
            self._column = 0
        out.append(self._fold(_quote_bytes(_escape, lines[-1])))
        return b"".join(out)

    @staticmethod
    def _line(line: bytes) -> bytes:
        quoted = _quote_bytes(_escape, line)
        if quoted.endswith((b" ", b"\t")):
            quoted = quoted[:-1] + b"=%02X" % quoted[-1]
        return quoted

    def _fold(self, quoted: bytes) -> bytes:
        """Break after at most 75 columns with a soft line break, never inside an escape."""
        out = []
        start = 0
        while self._column + len(quoted) - start > LINE - 1:
            cut = self._cut(quoted, start, start + LINE - 1 - self._column)
            out.append(quoted[start:cut] + b"=\r\n")
            start, self._column = cut, 0
        out.append(quoted[start:])
        self._column += len(quoted) - start
        return b"".join(out)

    @staticmethod
    def _cut(quoted: bytes, start: int, cut: int) -> int:
        escape = quoted.rfind(b"=", max(start, cut - 2), cut)
        return cut if escape < 0 else escape


class QuotedPrintableDecoder:
    """Decodes quoted-printable; broken escapes are left as they are."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, /) -> bytes:
        """Decode all but an escape or soft line break that is cut by the end of `data`."""
        data = self._rest + data
        escape = data.rfind(b"=", max(0, len(data) - 2))
        cut = len(data) if escape < 0 else escape
        self._rest = data[cut:]
        return binascii.a2b_qp(data[:cut])

    def finish(self) -> bytes:
        """What was kept back."""
        rest, self._rest = self._rest, b""
        return binascii.a2b_qp(rest)


class Plain:
    """No encoding: binary, 8bit, 7bit."""

    def feed(self, data: bytes, /) -> bytes:
        """`data`."""
        return data

    def finish(self) -> bytes:
        """Nothing."""
        return b""


def transfer_encoder(name: str) -> TransferCoder:
    """The encoder for a Content-Transfer-Encoding; `RuntimeError` for one that is not known."""
    coders: dict[str, type[TransferCoder]] = {
        "": Plain,
        "binary": Plain,
        "base64": Base64Encoder,
        "quoted-printable": QuotedPrintableEncoder,
    }
    return _make(coders, name)


def transfer_decoder(name: str) -> TransferCoder:
    """The decoder for a Content-Transfer-Encoding; `RuntimeError` for one that is not known."""
    coders: dict[str, type[TransferCoder]] = {
        "": Plain,
        "binary": Plain,
        "8bit": Plain,
        "7bit": Plain,
        "base64": Base64Decoder,
        "quoted-printable": QuotedPrintableDecoder,
    }
    return _make(coders, name)


def _make(coders: dict[str, type[TransferCoder]], name: str) -> TransferCoder:
    try:
        return coders[name.strip(" \t").lower()]()
    except KeyError:
        known = ", ".join(filter(None, coders))
        raise RuntimeError(
            f"unknown Content-Transfer-Encoding {name[:100]!r}; known are {known}"
        ) from None
