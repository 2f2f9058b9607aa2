"""What is made of the recorded calls: a waterfall in the terminal, a page, a HAR.

Decides what is recorded at all, and when it is written: at the end, also of a failure. What it
looks like is decided in `_waterfall`, `_waterfall_page` and wherry-tracing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import wherry
from wherry_errors import masked_url
from wherry_tracing.har import HarRecorder
from wherry_tracing.timeline import Call, TimelineRecorder

from ._latency import Latencies
from ._show import View
from ._waterfall import show_waterfall
from ._waterfall_page import waterfall_page

MAX_HAR_BODY = 1024 * 1024
"""Bytes; longer bodies are left out of a HAR, which viewers load as a whole."""


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """`--trace`, `--trace-html` and `--har`."""

    is_shown: bool = False
    page: Path | None = None
    har: Path | None = None


class TraceOutput:
    """Records the calls of a session that gets `trace_configs`, and tells of them in `write`."""

    def __init__(self, options: TraceOptions, *, shows_secrets: bool) -> None:
        self._options = options
        self._shows_secrets = shows_secrets
        self._timeline: TimelineRecorder | None = None
        self._har: HarRecorder | None = None
        if options.is_shown or options.page is not None:
            self._timeline = TimelineRecorder()
        if options.har is not None:
            self._har = HarRecorder(max_body=MAX_HAR_BODY, shows_secrets=shows_secrets)

    @property
    def trace_configs(self) -> list[wherry.TraceConfig]:
        """For the session; empty if nothing is recorded."""
        recorders = (self._timeline, self._har)
        return [recorder.trace_config for recorder in recorders if recorder is not None]

    def write(self, view: View, url: str, latencies: Latencies | None = None) -> None:
        """Show the waterfall, write the files. Of repeated calls, the slowest is shown."""
        calls = [] if self._timeline is None else self._timeline.calls
        if self._options.is_shown:
            shown = calls if latencies is None else _slowest(calls)
            show_waterfall(view.console, shown, shows_secrets=self._shows_secrets)
        if self._options.page is not None:
            title = url if self._shows_secrets else masked_url(url)
            page = waterfall_page(
                title, calls, latencies=latencies, shows_secrets=self._shows_secrets
            )
            self._options.page.write_text(page, "utf-8")
            view.note(f"waterfall written to {str(self._options.page)!r}")
        if self._har is not None and self._options.har is not None:
            self._har.save(self._options.har)
            view.note(f"HAR written to {str(self._options.har)!r}")


def _slowest(calls: Sequence[Call]) -> Sequence[Call]:
    return sorted(calls, key=lambda call: call.seconds)[-1:]
