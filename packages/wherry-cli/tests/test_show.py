"""Heads on standard error."""

from dataclasses import dataclass, field
from io import StringIO

from multidict import CIMultiDict
from rich.console import Console
from yarl import URL

from wherry import HttpVersion11
from wherry_cli._show import View


@dataclass(frozen=True)
class Head:
    """A response head."""

    status: int = 200
    reason: str = "OK"
    version: tuple[int, int] = HttpVersion11
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)


def view(
    *, shows_secrets: bool = False, is_quiet: bool = False, width: int = 80
) -> tuple[View, StringIO]:
    file = StringIO()
    console = Console(file=file, width=width)
    return View(console, shows_secrets=shows_secrets, is_quiet=is_quiet), file


def test_response_head_is_shown_as_on_the_wire() -> None:
    """Start line, fields in their order, an empty line."""
    it, file = view()

    it.response_head(Head(404, "", headers=CIMultiDict([("B", "1"), ("A", "2"), ("B", "3")])))

    assert file.getvalue() == "HTTP/1.1 404\nB: 1\nA: 2\nB: 3\n\n"


def test_long_lines_are_not_wrapped() -> None:
    """A field stays on its line, or it could not be searched for."""
    it, file = view(width=20)

    it.response_head(Head(headers=CIMultiDict({"A": "x y " * 100})))

    assert file.getvalue().count("\n") == 3


def test_nothing_is_taken_for_markup() -> None:
    """Square brackets are no colours here."""
    it, file = view()

    it.response_head(Head(headers=CIMultiDict({"A": "[red]x[/red]"})))

    assert "[red]x[/red]" in file.getvalue()


def test_peer_cannot_steer_the_terminal() -> None:
    """Control characters come out as escapes."""
    it, file = view()

    it.response_head(Head(reason="O\x1bK", headers=CIMultiDict({"A": "\x9b2J\udcff"})))

    assert "O\\x1bK" in file.getvalue()
    assert "A: \\x9b2J\\udcff" in file.getvalue()


def test_request_head_has_marks() -> None:
    """So that it is told from the response."""
    it, file = view()

    it.request_head("GET", URL("http://h/a%20b?c=d"), {"Host": "h"})

    assert file.getvalue() == "> GET /a%20b?c=d HTTP/1.1\n> Host: h\n> \n"


def test_secrets_are_hidden_by_default() -> None:
    """Credentials, cookie values, and secrets in URLs (SEC-21)."""
    it, file = view()
    fields = {"Authorization": "a s3cret", "Cookie": "b=s3cret", "Proxy-Authorization": "s3cret"}

    it.request_head("GET", URL("http://h/?access_token=s3cret"), fields)
    it.response_head(
        Head(headers=CIMultiDict({"Set-Cookie": "s3cret", "Location": "http://u:s3cret@h/"}))
    )

    assert "s3cret" not in file.getvalue()


def test_attributes_of_a_cookie_are_no_secret() -> None:
    """They tell why a cookie is not sent back."""
    it, file = view()

    it.response_head(Head(headers=CIMultiDict({"Set-Cookie": "a=b=c; Path=/x; Secure"})))

    assert "Set-Cookie: a=***; Path=/x; Secure\n" in file.getvalue()


def test_secrets_are_shown_when_asked_for() -> None:
    """As they are."""
    it, file = view(shows_secrets=True)

    it.request_head("GET", URL("http://h/?token=s3cret"), {"Authorization": "s3cret"})
    it.response_head(Head(headers=CIMultiDict({"Set-Cookie": "a=s3cret; Path=/"})))

    assert file.getvalue().count("s3cret") == 3


def test_quiet_view_says_nothing() -> None:
    """Not even notes."""
    it, file = view(is_quiet=True)

    it.response_head(Head())
    it.note("saved")

    assert file.getvalue() == ""
