"""A waterfall for the terminal: where the time of each request went, as bars on one axis.

Decides the layout. It is readable without colours, and in 40 columns; times are those that
`wherry_tracing.timeline` found. The page for a browser is made in `_waterfall_page`.
"""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from wherry_errors import masked_url
from wherry_tracing.timeline import PHASES, Call, Hop, Phase

from ._errors import one_line, printable
from ._seconds import seconds_text

PHASE_LABELS = dict(
    zip(PHASES, ("queue", "DNS", "connect", "TLS", "send", "first byte", "body"), strict=True)
)
"""What the phases are called where people see them."""

PHASE_STYLES = dict(
    zip(
        PHASES,
        ("bright_black", "cyan", "yellow", "magenta", "bright_magenta", "green", "bright_blue"),
        strict=True,
    )
)

MIN_WIDTH = 40
MAX_WIDTH = 160
"""Columns. Wider bars do not say more, and the eye loses the line."""

_LABEL_WIDTH = 10
_TIME_WIDTH = 8
_MARGIN = 2 + _LABEL_WIDTH + 1 + _TIME_WIDTH + 2
"""Columns before the bars: indent, label, blank, time, blanks."""


def show_waterfall(console: Console, calls: Sequence[Call], *, shows_secrets: bool = False) -> None:
    """Print the waterfall of `calls` to `console`. Without calls there is none."""
    width = max(MIN_WIDTH, min(console.width, MAX_WIDTH))
    is_plain = console.options.ascii_only
    for line in waterfall(calls, width, shows_secrets=shows_secrets, is_plain=is_plain):
        console.print(line, soft_wrap=True, highlight=False)


def waterfall(
    calls: Sequence[Call], width: int, *, shows_secrets: bool = False, is_plain: bool = False
) -> Iterable[Text]:
    """The lines, none longer than `width`. `is_plain` draws with ASCII alone."""
    if not calls:
        return
    begin = min(call.started for call in calls)
    end = max([begin, *(hop.ended for call in calls for hop in call.hops)])
    axis = _Axis(begin, end, width - _MARGIN, is_plain)
    for call in calls:
        for position, hop in enumerate(call.hops):
            yield _title(hop, position > 0, width, shows_secrets, is_plain)
            for phase in hop.phases:
                yield _bar(phase, axis)
            if hop.failure:
                yield _failure(hop, width)
    yield _scale(axis)


class _Axis:
    """From `begin` to `end` in seconds, over `columns`."""

    def __init__(self, begin: float, end: float, columns: int, is_plain: bool) -> None:
        self.begin = begin
        self.seconds = end - begin
        self.columns = columns
        self.is_plain = is_plain

    def cells(self, start: float, end: float) -> str:
        """A bar from `start` to `end`, as wide as half a column at least."""
        halves = self.columns * 2
        first = min(halves - 1, round(self._share(start) * halves))
        last = max(first + 1, round(self._share(end) * halves))
        if self.is_plain:
            return " " * (first // 2) + "#" * max(1, (last + 1) // 2 - first // 2)
        blanks, starts_late = divmod(first, 2)
        if starts_late:
            middle, is_half = divmod(last - first - 1, 2)
            return " " * blanks + "▐" + "█" * middle + "▌" * is_half
        middle, is_half = divmod(last - first, 2)
        return " " * blanks + "█" * middle + "▌" * is_half

    def _share(self, moment: float) -> float:
        return (moment - self.begin) / self.seconds if self.seconds > 0 else 0.0


def _title(hop: Hop, is_later: bool, width: int, shows_secrets: bool, is_plain: bool) -> Text:
    """Method and URL to the left, status and time to the right."""
    url = printable(str(hop.url) if shows_secrets else masked_url(hop.url))
    arrow = ("> " if is_plain else "↳ ") if is_later else ""
    left = f"{arrow}{printable(hop.method)} {url}"
    extra = " again" if hop.is_repeat else " reused" if hop.is_reused else ""
    status = "failed" if hop.response is None else str(hop.response.status)
    time = seconds_text(hop.ended - hop.started)
    right = f"{extra}  {status} {time:>{_TIME_WIDTH}}"
    room = width - cell_len(right)
    if cell_len(left) > room:
        left = set_cell_size(left, room - 3) + "..."
    is_bad = hop.response is None or hop.response.status >= 400
    return Text.assemble(
        (left + " " * (room - cell_len(left)), "bold"),
        (extra, "dim"),
        ("  " + status, "bold red" if is_bad else "bold green"),
        f" {time:>{_TIME_WIDTH}}",
    )


def _bar(phase: Phase, axis: _Axis) -> Text:
    label = f"  {PHASE_LABELS[phase.name]:<{_LABEL_WIDTH}} {_time(phase.seconds, axis)}  "
    bar = axis.cells(phase.start, phase.end)
    return Text.assemble(label, (bar, PHASE_STYLES[phase.name]))


def _time(seconds: float, axis: _Axis) -> str:
    text = seconds_text(seconds)
    return f"{text.replace('µ', 'u') if axis.is_plain else text:>{_TIME_WIDTH}}"


def _failure(hop: Hop, width: int) -> Text:
    text = one_line(hop.failure)
    return Text("  " + (text if len(text) <= width - 2 else text[: width - 5] + "..."), "red")


def _scale(axis: _Axis) -> Text:
    """The last line: how long it all took, and how much of that a mark on the axis stands for."""
    marks = 4 if axis.columns >= 40 else 2
    line, tick = ("-", "+") if axis.is_plain else ("─", "┼")
    chars = [line] * axis.columns
    for mark in range(marks + 1):
        chars[min(axis.columns - 1, mark * axis.columns // marks)] = tick
    each = _time(axis.seconds / marks, axis).strip()
    label = f"  {'total':<{_LABEL_WIDTH}} {_time(axis.seconds, axis)}  "
    text = f" {each} "
    begin = max(0, axis.columns // marks // 2 - len(text) // 2)
    chars[begin : begin + len(text)] = text
    return Text.assemble((label, "bold"), ("".join(chars)[: axis.columns], "dim"))
