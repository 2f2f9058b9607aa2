"""A waterfall as one page for a browser, which needs nothing else: no network, no other file.

Decides what is in it. Everything that came from a server or a user goes in as JSON that cannot end
its element, and is shown as text; the page's own policy (CSP) lets nothing run but its one script
and loads nothing. How it looks is in `waterfall.html`.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from multidict import CIMultiDict

from wherry_errors import masked_headers, masked_url
from wherry_tracing.timeline import Call, Hop

from ._latency import PERCENTILES, Latencies, histogram, percentile
from ._version import __version__
from ._waterfall import PHASE_LABELS

MAX_CALLS = 500
"""Calls that are drawn; a browser takes a second for more rows, and nobody reads them."""

PHASE_MEANINGS = {
    "queue": "waiting for a free connection",
    "dns": "resolving the name of the host",
    "connect": "until the host, or its proxy, accepted the connection",
    "tls": "the handshakes of TLS",
    "send": "from the first byte of the request to the last",
    "first_byte": "from there to the first byte of an answer",
    "body": "from there to the last byte of the response",
}

_find_style = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_find_script = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# In JSON these are allowed as they are; in a page they could end the element, or a line of it.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def waterfall_page(
    title: str,
    calls: Sequence[Call],
    *,
    latencies: Latencies | None = None,
    shows_secrets: bool = False,
) -> str:
    """The page for `calls`, with the latencies above them if there are any.

    Secrets are masked unless `shows_secrets`; only the first `MAX_CALLS` calls are drawn.
    """
    template = files(__package__).joinpath("waterfall.html").read_text("utf-8")
    begin = min((call.started for call in calls), default=0.0)
    document = {
        "title": title,
        "footer": f"made by wherry {__version__}",
        "phases": [
            {"name": name, "label": label, "meaning": PHASE_MEANINGS[name]}
            for name, label in PHASE_LABELS.items()
        ],
        "calls": [_call(call, begin, shows_secrets) for call in calls[:MAX_CALLS]],
        "missing": max(0, len(calls) - MAX_CALLS),
        "latency": None if latencies is None else _latency(latencies),
    }
    values = {
        "POLICY": _policy(template),
        "TITLE": html.escape(f"{title} - waterfall"),
        "DATA": json.dumps(document, ensure_ascii=False).translate(_ESCAPES),
    }
    # In one pass, so that a URL with @DATA@ in it is a URL.
    return re.sub(r"@(POLICY|TITLE|DATA)@", lambda found: values[found[1]], template)


def _policy(template: str) -> str:
    """What the page may do: run its script, use its style sheet, and nothing else."""
    script, style = (_digest(find(template)) for find in (_find_script.search, _find_style.search))
    return f"default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'"


def _digest(found: re.Match[str] | None) -> str:
    if found is None:
        raise ValueError("the template has no style sheet or no script")
    digest = hashlib.sha256(found[1].encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _call(call: Call, begin: float, shows_secrets: bool) -> Mapping[str, Any]:
    return {
        "failure": call.failure,
        "hops": [_hop(hop, begin, shows_secrets) for hop in call.hops],
    }


def _hop(hop: Hop, begin: float, shows_secrets: bool) -> Mapping[str, Any]:
    head = hop.response
    return {
        "method": hop.method,
        "url": str(hop.url) if shows_secrets else masked_url(hop.url),
        "status": None if head is None else head.status,
        "reason": "" if head is None else head.reason,
        "isReused": hop.is_reused,
        "isRepeat": hop.is_repeat,
        "failure": hop.failure,
        "start": hop.started - begin,
        "end": hop.ended - begin,
        "phases": [
            {"name": phase.name, "start": phase.start - begin, "end": phase.end - begin}
            for phase in hop.phases
        ],
        "requestHeaders": _fields(hop.headers, shows_secrets),
        "responseHeaders": _fields(() if head is None else head.headers, shows_secrets),
        "requestSize": hop.request_body.size,
        "responseSize": hop.response_body.size,
    }


def _fields(headers: tuple[tuple[str, str], ...], shows_secrets: bool) -> Sequence[Sequence[str]]:
    return headers if shows_secrets else masked_headers(CIMultiDict(headers))


def _latency(latencies: Latencies) -> Mapping[str, Any]:
    ordered = sorted(latencies.seconds)
    figures: list[tuple[str, str | float]] = [("calls", f"{latencies.count:,}")]
    if latencies.failures:
        figures.append(("failed", f"{latencies.failures.total():,}"))
    if latencies.elapsed > 0:
        figures.append(("per second", f"{latencies.count / latencies.elapsed:,.0f}"))
    if ordered:
        figures += [(f"p{p}", percentile(ordered, p)) for p in PERCENTILES]
        figures.append(("max", ordered[-1]))
    bins = [{"low": b.low, "high": b.high, "count": b.count} for b in histogram(ordered)]
    return {"figures": figures, "histogram": bins}
