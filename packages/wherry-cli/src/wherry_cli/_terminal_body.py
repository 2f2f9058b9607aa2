"""A response body for the eyes of somebody at a terminal.

Decides what can be shown (text, not binary), that JSON is indented and coloured, and that a body
cannot steer the terminal: control characters come out as their pictures. RFC 9110 §8.3.
"""

import codecs
import json
from typing import TextIO

from rich.console import Console

from ._errors import CommandError, ExitStatus

MAX_PRETTY = 4 * 1024 * 1024
"""Bytes of JSON that are indented; more is shown as it comes. Nobody reads more in a terminal."""

PICTURES = (
    {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"}
    | {0x7F: 0x2421}
    | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
)
"""For `str.translate`: what steers a terminal becomes a picture of itself."""


class TerminalBody:
    """Shows a body piece by piece. Call `finish` after the last piece.

    `charset` is the one the response names; UTF-8 if None or unknown. A body with a NUL in it is
    refused with `CommandError`.
    """

    def __init__(self, file: TextIO, content_type: str, charset: str | None) -> None:
        self._file = file
        self._content_type = content_type
        self._decoder = _decoder(charset)
        self._document: bytearray | None = bytearray() if is_json(content_type) else None
        self._ends_line = True

    def write(self, data: bytes) -> None:
        """Show a piece, or keep it if it belongs to a JSON document that is shown whole."""
        if b"\0" in data:
            raise CommandError(
                ExitStatus.LOCAL_FILE,
                f"the body is binary ({self._content_type}) and would spoil the terminal; "
                "write it to a file with -o FILE or --download, or into a pipe",
            )
        if self._document is None:
            self._print(self._decoder.decode(data))
            return
        self._document += data
        if len(self._document) > MAX_PRETTY:
            self._give_up_pretty()

    def finish(self) -> None:
        """Show what was kept, and end the last line."""
        if self._document is not None and not self._print_document(bytes(self._document)):
            self._give_up_pretty()
        self._print(self._decoder.decode(b"", final=True))
        if not self._ends_line:
            self._print("\n")

    def _give_up_pretty(self) -> None:
        kept, self._document = self._document, None
        self._print(self._decoder.decode(bytes(kept or b"")))

    def _print_document(self, document: bytes) -> bool:
        """Print `document` indented; False if it is not JSON."""
        try:
            value = json.loads(document)
            text = json.dumps(value, indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return False
        Console(file=self._file).print_json(text.translate(PICTURES))
        return True

    def _print(self, text: str) -> None:
        if text:
            self._ends_line = text.endswith("\n")
            self._file.write(text.translate(PICTURES))
            self._file.flush()


def is_json(content_type: str) -> bool:
    """Whether a media type is JSON: `application/json` or one ending in `+json` (RFC 6839 §3.1)."""
    main, _, sub = content_type.lower().partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json"))


def _decoder(charset: str | None) -> codecs.IncrementalDecoder:
    name = charset or "utf-8"
    try:
        b" ".decode(name, "replace")  # refuses codecs that are not for text; an empty one would not
        return codecs.getincrementaldecoder(name)("replace")
    except (LookupError, ValueError):
        return codecs.getincrementaldecoder("utf-8")("replace")
