"""Text files as bodies: decoded as they were opened, encoded in the charset of the body."""

import codecs
import io
from collections.abc import Mapping

from ._file import IOBasePayload
from ._memory import text_encoding_and_type


class TextIOPayload(IOBasePayload):
    """The rest of a text file, decoded as it was opened and encoded in the payload's charset.

    Its size on the wire is not known beforehand: charsets and line ends may differ from the file's.
    The charset is `encoding`, else that of the given content type, else UTF-8.
    """

    _value: io.TextIOBase

    def __init__(
        self,
        value: io.TextIOBase,
        disposition: str | None = "attachment",
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        encoding, content_type = text_encoding_and_type(encoding, content_type, headers)
        # One encoder for all pieces: charsets with a byte order mark or shift states need it.
        self._encoder = codecs.getincrementalencoder(encoding)()
        super().__init__(value, disposition, headers, content_type, filename, encoding, **kwargs)

    def _measure(self, start: int | None) -> int | None:
        return None

    def _rewind(self) -> None:
        super()._rewind()
        self._encoder.reset()

    def _read_piece(self, size: int) -> bytes:
        while True:
            text = self._value.read(size)
            data = self._encoder.encode(text, final=not text)
            if data or not text:
                return data

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The text. Reads the file, so this may block."""
        self._begin()
        with self._lock:
            self._rewind()
            return self._value.read()
