"""The jar and `http.cookiejar` over the same cases: every difference is known and has its rule."""

import email.message
import http.cookiejar
import urllib.request
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from wherry_cookies.testing import ManualClock


class _Response:
    """As much of a response as `http.cookiejar` reads."""

    def __init__(self, fields: list[str]) -> None:
        self._message = email.message.Message()
        for field in fields:
            self._message["Set-Cookie"] = field

    def info(self) -> email.message.Message:
        return self._message


def fields_of_stdlib(case: dict[str, Any], clock: ManualClock) -> list[str]:
    """The Cookie fields http.cookiejar sends in a case."""
    jar, start, sent = http.cookiejar.CookieJar(), clock.time, []
    for step in case["steps"]:
        clock.time = start + step.get("at", 0)
        # It knows no WebSocket schemes.
        url = (step.get("from") or step["to"]).replace("ws://", "http://")
        request = urllib.request.Request(url.replace("wss://", "https://"))
        if "from" in step:
            jar.extract_cookies(_Response(step["fields"]), request)  # type: ignore[arg-type]  # typeshed asks for a whole HTTPResponse
        else:
            jar.add_cookie_header(request)
            sent.append(request.get_header("Cookie") or "")
    clock.time = start
    return sent


def test_differences_from_the_standard_library_are_known(
    corpus: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 6265 §5.3, §5.4: where both agree, two implementations read the rule alike."""
    clock = ManualClock()
    monkeypatch.setattr("time.time", clock)  # http.cookiejar takes no clock
    known = corpus("stdlib_disagreements.json")
    different = []
    for case in corpus("jar.json"):
        expected = [step["cookie"] for step in case["steps"] if "to" in step]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of its own exceptions
            if fields_of_stdlib(case, clock) != expected:
                different.append(case["id"])

    assert [name for name in different if name not in known] == []
    assert len(different) < len(corpus("jar.json")) / 2
    assert set(known) <= {case["id"] for case in corpus("jar.json")}
