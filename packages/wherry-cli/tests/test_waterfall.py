"""The waterfall in the terminal."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console
from yarl import URL

from wherry_cli._waterfall import PHASE_LABELS, show_waterfall, waterfall
from wherry_tracing.timeline import PHASES, Call, Head, Hop


def call(url: str = "http://h/a?token=hush", *, failure: str = "") -> Call:
    """A call of two hops: DNS and connecting, then a reused connection."""
    made = Call(datetime(2026, 1, 1, tzinfo=UTC))
    first = made.add(Hop("GET", URL(url), 10.0))
    for name, at in (
        ("dns_resolvehost_start", 10.0),
        ("dns_resolvehost_end", 11.0),
        ("connection_create_end", 13.0),
        ("request_headers_sent", 13.0),
    ):
        first.mark(name, at)
    first.mark("head", 14.0)
    first.response = Head(302, "Found", (1, 1), ())
    second = made.add(Hop("GET", URL("http://h/b"), 14.0))
    second.is_reused = True
    second.mark("request_headers_sent", 14.0)
    second.last_event = 18.0
    if failure:
        second.failure = failure
    else:
        second.response = Head(200, "OK", (1, 1), ())
    return made


def lines(*calls: Call, width: int = 80, is_plain: bool = False) -> list[str]:
    return [line.plain for line in waterfall(calls, width, is_plain=is_plain)]


def test_bars_stand_one_below_the_other_on_one_axis() -> None:
    """Each begins where the one before ends; the scale is the last line."""
    drawn = lines(call(), width=47, is_plain=True)

    assert drawn == [
        "GET http://h/a?token=***           302   4.00 s",
        "  DNS          1.00 s  ###",
        "  connect      2.00 s     ######",
        "  first byte   1.00 s           ###",
        "> GET http://h/b           reused  200   4.00 s",
        "  first byte   4.00 s              ############",
        "  total        8.00 s  +- 4.00 s --+----------+",
    ]


@pytest.mark.parametrize("width", [40, 80, 119])
@pytest.mark.parametrize("is_plain", [False, True])
def test_no_line_is_wider_than_the_terminal(width: int, is_plain: bool) -> None:
    """Also with long URLs, wide characters and long errors."""
    calls = [call("http://h/" + "längst/" * 40), call("http://" + "界" * 30)]

    drawn = lines(*calls, call(failure="x" * 500), width=width, is_plain=is_plain)

    assert max(map(cell_len, drawn)) <= width


def test_failure_is_told() -> None:
    """In place of a status, and with its text."""
    drawn = lines(call(failure="ClientOSError: gone\x1b[31m"))

    assert any("failed" in line for line in drawn)
    assert "  ClientOSError: gone\\x1b[31m" in drawn


def test_secrets_are_masked_unless_asked_for() -> None:
    """SEC-60."""
    assert "hush" not in "".join(lines(call()))
    shown = "".join(line.plain for line in waterfall([call()], 80, shows_secrets=True))
    assert "token=hush" in shown


def test_every_phase_has_a_label() -> None:
    """In their order."""
    assert tuple(PHASE_LABELS) == PHASES


def test_nothing_is_drawn_without_calls() -> None:
    """As when a request was refused before it began."""
    assert lines() == []


def test_colours_only_on_a_terminal() -> None:
    """A file gets plain text, ASCII if its encoding has no more."""
    file = StringIO()
    show_waterfall(Console(file=file, width=80), [call()])
    assert "\x1b" not in file.getvalue()

    terminal = StringIO()
    show_waterfall(Console(file=terminal, width=80, force_terminal=True), [call()])
    assert "\x1b" in terminal.getvalue()
