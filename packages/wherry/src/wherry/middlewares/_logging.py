"""One log record per request, without secrets and without forged lines (SEC-60).

Decides what is written of a request, its response and its failure. Where records go, and in which
form, is the business of `logging`.
"""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from wherry_errors import ClientError, masked_headers, masked_url
from wherry_errors.masking import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .._middleware import Handler
    from .._request import ClientRequest
    from .._response import ClientResponse

MAX_FAILURE_TEXT: Final = 300
"""Characters of an error's text that are logged."""

# Over-cautious on purpose: a name that merely sounds secret costs a reader little.
_sounds_secret = re.compile(
    r"authorization|cookie|credential|passw|secret|signature|token|api[-_]?key", re.IGNORECASE
).search

# RFC 3986 §3.2.1, for URLs in the middle of a text, which `masked_url()` does not look for.
_USERINFO = re.compile(r"(?<=://)[^/\\?#\s]*@")

_URL_FIELDS: Final = frozenset({"location", "content-location", "referer"})

_split_parameters = re.compile(r"([?&;#])").split


def masked_parameters(text: str, names: frozenset[str]) -> str:
    """The URL `text` with `***` for the values of the query parameters `names`, in lower case.

    Names count as servers read them: with percent escapes undone, in any case. User info and the
    parameters that `masked_url()` knows are masked as well.
    """
    first, *rest = _split_parameters(masked_url(text))
    for index in range(1, len(rest), 2):
        name, equals, _ = rest[index].partition("=")
        if equals and unquote_plus(name).lower() in names:
            rest[index] = f"{name}={MASK}"
    return "".join((first, *rest))


def printable(text: str) -> str:
    """`text` with escapes for all that could begin a line or move a terminal's cursor."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class LogRequests:
    """Logs each request when its response head is there, or why there is none.

    The record is `GET https://host/path -> 200 in 0.012 s (1234 bytes)` at `level`, or `… failed in
    0.012 s: ClientConnectorError: …` at `failure_level`. With `start_level` there is another one
    before the request is sent. `record.http` has the same facts as a dict: `method`, `url`,
    `status`, `elapsed` (seconds), `size` (of the body as announced, in bytes, or None) and `error`
    (the name of the class, or None).

    Masked are user info, the query parameters that `wherry_errors.masked_url()` knows, and
    `secret_parameters`. Fields are logged with `headers=True` only, then as `request_headers` and
    `response_headers`: Authorization, Proxy-Authorization, Cookie, Set-Cookie, any whose name
    sounds secret (token, api-key …) and `secret_headers` are masked. Bodies are never logged. Of
    errors that are not this package's or the system's, which may say anything, only the class is.
    What is not printable is escaped, so a record is one line.

    First in the row it logs each redirect hop, after `Retry` each try. One instance may serve any
    number of sessions.
    """

    def __init__(
        self,
        logger: str | logging.Logger = "wherry.requests",
        *,
        level: int = logging.INFO,
        failure_level: int = logging.WARNING,
        start_level: int | None = None,
        headers: bool = False,
        secret_headers: Iterable[str] = (),
        secret_parameters: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = logging.getLogger(logger) if isinstance(logger, str) else logger
        self._level = level
        self._failure_level = failure_level
        self._start_level = start_level
        self._headers = headers
        self._secret_headers = _names("secret_headers", secret_headers)
        self._secret_parameters = _names("secret_parameters", secret_parameters)
        self._clock = clock

    def __repr__(self) -> str:
        return f"LogRequests({self._logger.name!r}, level={self._level}, headers={self._headers})"

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        """What `handler` returns or raises, unchanged."""
        begun = self._clock()
        if self._start_level is not None:
            self._log(self._start_level, "%s %s%s", self._facts(request))
        try:
            response = await handler(request)
        except BaseException as error:
            if self._logger.isEnabledFor(self._failure_level):
                self._log_failure(request, error, self._clock() - begun)
            raise
        if self._logger.isEnabledFor(self._level):
            self._log_response(request, response, self._clock() - begun)
        return response

    def _log_response(
        self, request: ClientRequest, response: ClientResponse, elapsed: float
    ) -> None:
        facts = self._facts(request)
        size = response.content_length
        facts |= {"status": response.status, "elapsed": elapsed, "size": size}
        if self._headers:
            facts["response_headers"] = self._fields(response.headers)
        shown_size = "size unknown" if size is None else f"{size} bytes"
        text = "%s %s -> %d in %.3f s (%s)%s"
        self._log(self._level, text, facts, response.status, elapsed, shown_size)

    def _log_failure(self, request: ClientRequest, error: BaseException, elapsed: float) -> None:
        facts = self._facts(request)
        facts |= {"elapsed": elapsed, "error": type(error).__name__}
        text = "%s %s failed in %.3f s: %s%s"
        self._log(self._failure_level, text, facts, elapsed, self._failure_text(error))

    def _log(self, level: int, text: str, facts: Mapping[str, object], *values: object) -> None:
        fields = "".join(
            f" {name}={facts[name]!r}"
            for name in ("request_headers", "response_headers")
            if name in facts
        )
        start = facts["method"], facts["url"]
        self._logger.log(level, text, *start, *values, fields, extra={"http": facts})

    def _facts(self, request: ClientRequest) -> dict[str, object]:
        facts: dict[str, object] = {
            "method": printable(request.method),
            "url": self._masked(str(request.url)),
            "status": None,
            "elapsed": None,
            "size": None,
            "error": None,
        }
        if self._headers:
            facts["request_headers"] = self._fields(request.headers)
        return facts

    def _failure_text(self, error: BaseException) -> str:
        name = type(error).__name__
        # The texts of others may hold anything, a token included.
        if not isinstance(error, (ClientError, OSError)):
            return name
        text = self._masked(_USERINFO.sub(f"{MASK}@", str(error)))[:MAX_FAILURE_TEXT]
        return f"{name}: {text}" if text else name

    def _masked(self, text: str) -> str:
        return masked_parameters(text, self._secret_parameters)

    def _fields(self, headers: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(printable(name), self._value(name, v)) for name, v in masked_headers(headers)]

    def _value(self, name: str, value: str) -> str:
        folded = name.lower()
        if folded in self._secret_headers or _sounds_secret(folded):
            return MASK
        return self._masked(value) if folded in _URL_FIELDS else printable(value)


def _names(argument: str, names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise TypeError(f"{argument} is a collection of names, got {names!r}; write a tuple")
    return frozenset(name.lower() for name in names)
