"""Micro cases of the cookie jar, against aiohttp's: asking it, and filling it."""

import asyncio
import importlib
from collections.abc import Callable, Sequence
from typing import Any

from yarl import URL

from wherry_cookies import CookieJar

from ._micro import Case, MicroContestant, Work

_HOSTS = 200
_PER_HOST = 5

JarMaker = Callable[[], Any]  # either jar: their methods have the same names

Ask = Callable[[Any, Sequence[URL]], object]
Result = Callable[[object], object]


def cookie_cases(loop: asyncio.AbstractEventLoop, peers: Sequence[str]) -> list[Case]:
    """The cases, with aiohttp's jar if it is in `peers`."""
    makers: dict[str, JarMaker] = {"wherry": CookieJar}
    if "aiohttp" in peers:
        jar = importlib.import_module("aiohttp").CookieJar
        makers = {"aiohttp": lambda: jar(loop=loop), "wherry": CookieJar}
    urls = [URL(f"https://www.host-{n}.example/path/{n}") for n in range(_HOSTS)]
    title = f"{_HOSTS * _PER_HOST} cookies over {_HOSTS} hosts"
    return [
        Case(f"{title}, asked before", "request", _HOSTS, _askers(makers, urls, is_warm=True)),
        Case(f"{title}, not asked before", "request", _HOSTS, _askers(makers, urls, is_warm=False)),
        Case("8 Set-Cookie fields stored", "response", _HOSTS, _fillers(makers, urls)),
    ]


def _askers(
    makers: dict[str, JarMaker], urls: Sequence[URL], *, is_warm: bool
) -> list[MicroContestant]:
    def contestant(title: str, make: JarMaker, ask: Ask, result: Result) -> MicroContestant:
        kept = _filled(make(), urls)
        if is_warm:
            ask(kept, urls)

        def prepare() -> Work:
            jar = kept if is_warm else _filled(make(), urls)
            return lambda: ask(jar, urls)

        return MicroContestant(title, prepare, result)

    return [
        *(contestant(title, make, _ask_all, _as_pairs) for title, make in makers.items()),
        # What a session of wherry's asks for: the text, without a cookie object for each.
        contestant("wherry, as text", CookieJar, _ask_for_text, _text_as_pairs),
    ]


def _filled(jar: Any, urls: Sequence[URL]) -> Any:
    for number, url in enumerate(urls):
        fields = [
            f"name{index}=value-{number}-{index}; Path=/path; Domain={url.host}; Max-Age=3600"
            for index in range(_PER_HOST)
        ]
        jar.update_cookies_from_headers(fields, url)
    return jar


def _ask_all(jar: Any, urls: Sequence[URL]) -> list[Any]:
    return [jar.filter_cookies(url) for url in urls]


def _ask_for_text(jar: Any, urls: Sequence[URL]) -> list[str]:
    return [jar.cookie_header(url) for url in urls]


def _as_pairs(found: Any) -> object:
    return [sorted((name, morsel.value) for name, morsel in one.items()) for one in found]


def _text_as_pairs(found: Any) -> object:
    return [sorted(tuple(pair.split("=", 1)) for pair in one.split("; ")) for one in found]


def _fillers(makers: dict[str, JarMaker], urls: Sequence[URL]) -> list[MicroContestant]:
    fields = [
        "sid=31d4d96e407aad42; Path=/; Secure; HttpOnly; SameSite=Lax",
        "lang=en-US; Expires=Wed, 09 Jun 2077 10:18:14 GMT",
        "theme=dark; Max-Age=31536000",
        'quoted="a value"; Path=/path',
        *(f"plain{number}=value{number}; Path=/" for number in range(4)),
    ]

    def filling(make: JarMaker) -> Callable[[], Work]:
        return lambda: _filling(make(), fields, urls)

    return [MicroContestant(title, filling(make), _stored) for title, make in makers.items()]


def _filling(jar: Any, fields: Sequence[str], urls: Sequence[URL]) -> Work:
    def work() -> tuple[Any, Sequence[URL]]:
        for url in urls:
            jar.update_cookies_from_headers(fields, url)
        return jar, urls

    return work


def _stored(given: Any) -> object:
    jar, urls = given
    return [sorted(jar.filter_cookies(url)) for url in urls]
