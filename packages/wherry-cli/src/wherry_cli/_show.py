"""The heads of an exchange, on standard error.

Decides wording, colours and which secrets are hidden. A peer cannot reach the terminal: whatever is
not printable comes out as an escape. Bodies are not shown here.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from rich.console import Console
from rich.text import Text
from yarl import URL

import wherry
from wherry_errors import masked_headers, masked_url

from ._errors import printable

MASK = "***"


class ResponseHeadShape(Protocol):
    """What is shown of a response."""

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor HTTP version."""
        ...

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def reason(self) -> str:
        """The reason phrase."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The fields; a multidict gives one pair per line."""
        ...


class View:
    """Writes heads and notes to `console`, which is standard error.

    `is_quiet` leaves out all but errors, `is_verbose` adds the heads of requests and redirects.
    Credentials and cookie values are replaced by `***` unless `shows_secrets`.
    """

    def __init__(
        self,
        console: Console,
        *,
        is_quiet: bool = False,
        is_verbose: bool = False,
        shows_secrets: bool = False,
    ) -> None:
        self.console = console
        self.is_quiet = is_quiet
        self.is_verbose = is_verbose
        self.shows_secrets = shows_secrets

    def request_head(self, method: str, url: URL, headers: Mapping[str, str]) -> None:
        """Show the head of a request, each line behind `> `."""
        target = url.raw_path_qs or "/"
        if not self.shows_secrets:
            target = masked_url(target)
        start = Text.assemble((printable(method), "bold"), f" {printable(target)} HTTP/1.1")
        self._print("> ", [start, *map(_field_line, self._visible(headers)), Text()])

    def response_head(self, response: ResponseHeadShape) -> None:
        """Show the head of a response as it stood on the wire, but for secrets."""
        version = f"HTTP/{response.version[0]}.{response.version[1]} "
        colour = "bold red" if response.status >= 400 else "bold green"
        reason = f" {printable(response.reason)}" if response.reason else ""
        start = Text.assemble(version, (f"{response.status}{reason}", colour))
        self._print("", [start, *map(_field_line, self._visible(response.headers)), Text()])

    def note(self, text: str) -> None:
        """Tell something that is no error."""
        self._print("", [Text(printable(text), "dim")])

    def _visible(self, headers: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        if self.shows_secrets:
            return headers.items()
        shown = zip(headers.items(), masked_headers(headers), strict=True)
        return [_visible_cookie(*field) or masked for field, masked in shown]

    def _print(self, prefix: str, lines: Iterable[Text]) -> None:
        if not self.is_quiet:
            for line in lines:
                self.console.print(Text(prefix) + line, soft_wrap=True, highlight=False)


def _field_line(field: tuple[str, str]) -> Text:
    name, value = field
    return Text.assemble((printable(name), "cyan"), f": {printable(value)}")


def _visible_cookie(name: str, value: str) -> tuple[str, str] | None:
    """A Set-Cookie field with its cookie-value hidden; None for any other field.

    Its attributes are no secret, and what one looks for when a cookie is not sent back.
    """
    if name.lower() != "set-cookie":
        return None
    pair, semicolon, attributes = value.partition(";")
    cookie_name, equals, _ = pair.partition("=")
    hidden = f"{cookie_name}={MASK}" if equals else MASK
    return name, f"{hidden}{semicolon}{attributes}"


def trace_into(view: View) -> wherry.TraceConfig:
    """A trace that shows each request as it is sent, and each redirect that is followed."""
    config = wherry.TraceConfig()

    async def show_request(
        session: object, context: object, params: wherry.TraceRequestHeadersSentParams
    ) -> None:
        view.request_head(params.method, params.url, params.headers)

    async def show_redirect(
        session: object, context: object, params: wherry.TraceRequestRedirectParams
    ) -> None:
        if isinstance(params.response, wherry.ClientResponse):  # which it is in a wherry session
            view.response_head(params.response)

    config.on_request_headers_sent.append(show_request)
    config.on_request_redirect.append(show_redirect)
    return config
