"""The page, as text. What it looks like is tested in a browser, elsewhere."""

import base64
import hashlib
import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from yarl import URL

from wherry_cli._latency import Latencies
from wherry_cli._waterfall_page import MAX_CALLS, waterfall_page
from wherry_tracing.timeline import Call, Head, Hop

EVIL = "</script><script>alert(1)</script><!--\u2028"


def call() -> Call:
    made = Call(datetime(2026, 1, 1, tzinfo=UTC))
    hop = made.add(Hop("GET", URL("http://h/?token=hush"), 5.0))
    hop.headers = (("Authorization", "hush"),)
    hop.mark("request_headers_sent", 5.0)
    hop.mark("head", 6.0)
    hop.response = Head(200, EVIL, (1, 1), (("Set-Cookie", "a=hush"), ("X-Evil", EVIL)))
    return made


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    document: dict[str, Any] = json.loads(found[1])
    return document


def test_page_is_one_file_that_needs_nothing_else() -> None:
    """No address of anything to load, no event handler in the markup, no style in it."""
    page = waterfall_page("title", [call()])
    markup = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)

    assert not re.search(r"\b(src|href|style|on[a-z]+)=", markup)
    assert not re.search(r"@import|url\(", page)
    assert page.count("<script") == 2


def test_policy_allows_its_own_script_and_style_alone() -> None:
    """By their digests; default-src 'none' for the rest."""
    page = waterfall_page("title", [call()])
    policy = re.findall(r'Content-Security-Policy" content="(.*?)"', page)[0]

    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        text = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[0]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")


def test_hostile_texts_stay_inside_their_element() -> None:
    """They come out of the JSON as they were."""
    page = waterfall_page(EVIL + "@DATA@", [call()])
    document = data_of(page)

    assert page.count("<script") == 2
    assert "<!--" not in page
    assert document["title"] == EVIL + "@DATA@"
    assert document["calls"][0]["hops"][0]["reason"] == EVIL


def test_secrets_are_masked_unless_asked_for() -> None:
    """SEC-60."""
    assert "hush" not in waterfall_page("t", [call()])
    assert waterfall_page("t", [call()], shows_secrets=True).count("hush") == 3


def test_calls_beyond_the_limit_are_counted() -> None:
    """A browser has its limits."""
    document = data_of(waterfall_page("t", [call() for _ in range(MAX_CALLS + 7)]))

    assert (len(document["calls"]), document["missing"]) == (MAX_CALLS, 7)


def test_latencies_stand_above() -> None:
    """Percentiles and histogram, where there are any."""
    latencies = Latencies([0.1, 0.2], Counter({200: 2}), Counter({"X": 1}), 1.0)
    document = data_of(waterfall_page("t", [call()], latencies=latencies))

    assert document["latency"] == {
        "figures": [
            ["calls", "3"],
            ["failed", "1"],
            ["per second", "3"],
            *([name, 0.1 if name == "p50" else 0.2] for name in ("p50", "p90", "p95", "p99")),
            ["max", 0.2],
        ],
        "histogram": document["latency"]["histogram"],
    }
    assert data_of(waterfall_page("t", []))["latency"] is None
