"""CookieJar: what is stored, sent, shown and removed."""

import logging
from collections.abc import Callable, Sequence
from http.cookies import BaseCookie, CookieError, Morsel, SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry_cookies import (
    CookieFileError,
    CookieJar,
    CookieLimits,
    InvalidCookieError,
    LooseCookies,
    cookies_from_headers,
)
from wherry_cookies.testing import ManualClock, check_cookie_jar

ORIGIN = URL("https://www.example.com/")
PLAIN = URL("http://www.example.com/")


def values(cookies: BaseCookie[str]) -> dict[str, str]:
    return {name: morsel.value for name, morsel in cookies.items()}


def play(case: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The requests of a corpus case whose Cookie field is not as expected."""
    clock = ManualClock()
    start = clock.time
    jar = CookieJar(now=clock, **case.get("jar", {}))
    wrong = []
    for step in case["steps"]:
        clock.time = start + step.get("at", 0)
        if "from" in step:
            jar.update_cookies_from_headers(step["fields"], URL(step["from"]))
        elif (sent := jar.cookie_header(URL(step["to"]))) != step["cookie"]:
            wrong.append((step["to"], sent, step["cookie"]))
    return wrong


def test_cases_of_the_corpus_are_stored_and_sent(corpus: Callable[[str], Any]) -> None:
    """RFC 6265 §5.3 and §5.4, S-182 to S-206, SEC-42 to SEC-45: the file names the rule of each."""
    cases = corpus("jar.json")

    wrong = {case["id"]: found for case in cases if (found := play(case))}

    assert len(cases) == len({case["id"] for case in cases})
    assert wrong == {}


def test_the_jar_is_a_jar() -> None:
    check_cookie_jar(CookieJar)


def test_no_event_loop_is_needed_and_loop_is_ignored() -> None:
    """S-009; S-008 does not apply to jars."""
    assert len(CookieJar(loop=object())) == 0


def test_settings_can_be_read_but_not_set() -> None:
    """S-179, S-180."""
    jar = CookieJar(unsafe=True, quote_cookie=False)

    assert (jar.unsafe, jar.quote_cookie) == (True, False)
    assert (CookieJar().unsafe, CookieJar().quote_cookie) == (False, True)
    for name in ("unsafe", "quote_cookie", "cookies", "host_only_cookies"):
        with pytest.raises(AttributeError):
            setattr(jar, name, True)


def test_class_constants_are_there() -> None:
    """The two that aiohttp's class has."""
    assert CookieJar.MAX_TIME == 253402300799
    assert CookieJar.DATE_TOKENS_RE.findall("Sun, 06-Nov-94 08:49:37") == [
        *("Sun", "06", "Nov", "94"),
        "08:49:37",
    ]


# Storing


def test_without_url_a_cookie_is_sent_everywhere() -> None:
    """S-182."""
    jar = CookieJar()
    jar.update_cookies({"a": "1"})

    for url in ("http://x.example/", "https://10.0.0.1/y", "ws://[::1]/", "http://localhost."):
        assert jar.cookie_header(URL(url)) == "a=1"


def test_a_shared_secure_cookie_stays_off_plain_http() -> None:
    """SEC-43."""
    jar = CookieJar()
    cookies: SimpleCookie = SimpleCookie("a=1; Secure")
    jar.update_cookies(cookies)

    assert jar.cookie_header(PLAIN) == ""
    assert jar.cookie_header(ORIGIN) == "a=1"


def test_callers_may_set_secure_cookies_over_plain_http(jar: CookieJar) -> None:
    """C-06 is kept for explicit updates."""
    jar.update_cookies(SimpleCookie("a=1; Secure"), PLAIN)

    assert jar.cookie_header(ORIGIN) == "a=1"
    assert jar.cookie_header(PLAIN) == ""


def test_cookies_of_a_response_stay_those_of_a_server(jar: CookieJar) -> None:
    """SEC-43: also on the way through update_cookies()."""
    cookies = cookies_from_headers(["a=1; Secure", "__Host-b=2", "c={x}", "d=" + "x" * 5000])

    jar.update_cookies(cookies, PLAIN)

    assert jar.cookie_header(ORIGIN) == "c={x}"


@pytest.mark.parametrize(
    "cookies",
    [{"a": "x y"}, [("a", "x y")], SimpleCookie('a="x y"'), iter([("a", "x y")])],
    ids=["mapping", "pairs", "simple-cookie", "iterator"],
)
def test_callers_give_cookies_in_many_forms(jar: CookieJar, cookies: LooseCookies) -> None:
    """S-181, S-198."""
    jar.update_cookies(cookies, ORIGIN)

    assert jar.cookie_header(ORIGIN) == 'a="x y"'


def test_values_of_callers_go_out_verbatim_without_quoting() -> None:
    """S-198."""
    jar = CookieJar(quote_cookie=False)
    jar.update_cookies({"a": "x=y, z"})

    assert jar.cookie_header(ORIGIN) == "a=x=y, z"


@pytest.mark.parametrize("cookies", [{"ok": "1", "a b": "2"}, {"ok": "1", "a": "s3cret\n"}])
def test_a_bad_cookie_of_the_caller_stores_nothing(jar: CookieJar, cookies: dict[str, str]) -> None:
    """SEC-2; the value is not in the message (S-014)."""
    with pytest.raises(CookieError) as caught:
        jar.update_cookies(cookies)

    assert len(jar) == 0
    assert "s3cret" not in str(caught.value)


def test_a_morsel_with_a_domain_and_no_url_goes_to_that_domain(jar: CookieJar) -> None:
    """S-182: a way to seed a jar."""
    jar.update_cookies(SimpleCookie("a=1; Domain=.Example.com; Path=/p"))

    assert jar.cookie_header(URL("http://api.example.com/p/q")) == "a=1"
    assert jar.cookie_header(URL("http://other.example/p")) == ""


@pytest.mark.parametrize(
    ("field", "level", "text"),
    [
        ("a b=s3cret", logging.WARNING, "illegal character"),
        ("a=s3cret\x00", logging.DEBUG, "control character"),
        ("a=s3cret; Domain=other.example", logging.DEBUG, "cookie 'a'"),
        ("a=s3cret; Domain=com", logging.DEBUG, "public suffix"),
    ],
)
def test_a_refused_cookie_is_logged_without_its_value(
    jar: CookieJar, caplog: pytest.LogCaptureFixture, field: str, level: int, text: str
) -> None:
    """S-013, S-014, S-201."""
    with caplog.at_level(logging.DEBUG, "wherry.client"):
        jar.update_cookies_from_headers([field], ORIGIN)

    (record,) = caplog.records
    assert (record.name, record.levelno) == ("wherry.client", level)
    assert text in record.getMessage()
    assert "s3cret" not in record.getMessage()


@given(st.lists(st.text() | st.text('ab=;, "\\\x00é'), max_size=5))
def test_no_field_raises(fields: list[str]) -> None:
    """S-205; what is stored can be sent, shown and counted."""
    jar = CookieJar()
    jar.update_cookies_from_headers(fields, ORIGIN)

    header = jar.cookie_header(ORIGIN)
    assert len(header.split("; ")) == len(jar) or (header == "" and len(jar) == 0)
    assert len(list(jar)) == len(jar)
    assert not any(character in header for character in "\r\n\x00")


# Sending


def test_filter_cookies_gives_one_per_name_the_most_specific(jar: CookieJar) -> None:
    """S-196: shared < domain < host, shorter path < longer; kept by C-04."""
    jar.update_cookies(dict.fromkeys("abcd", "shared"))
    jar.update_cookies_from_headers(
        [
            "b=domain; Domain=example.com; Path=/p/q",
            "c=domain; Domain=example.com",
            "d=host; Path=/",
            "c=host; Path=/",
            "d=path; Path=/p",
        ],
        ORIGIN,
    )

    found = jar.filter_cookies(ORIGIN / "p/q")

    assert values(found) == {"a": "shared", "b": "domain", "c": "host", "d": "path"}
    assert type(found) is BaseCookie


def test_filter_cookies_takes_a_string_with_a_warning(jar: CookieJar) -> None:
    """S-195."""
    jar.update_cookies({"a": "1"}, ORIGIN)

    with pytest.warns(DeprecationWarning, match=r"yarl\.URL"):
        found = jar.filter_cookies(str(ORIGIN))

    assert values(found) == {"a": "1"}


def test_without_url_the_shared_cookies_match(jar: CookieJar) -> None:
    jar.update_cookies({"a": "1"})
    jar.update_cookies({"b": "2"}, ORIGIN)

    assert values(jar.filter_cookies()) == {"a": "1"}
    assert jar.cookie_header(URL("/relative")) == "a=1"


def test_changing_what_was_filtered_changes_no_jar(jar: CookieJar) -> None:
    """S-195: neither the cookies nor their morsels are the jar's."""
    jar.update_cookies({"a": "1", "b": "2"})

    found = jar.filter_cookies(ORIGIN)
    found["a"] = "3"
    found["b"].set("b", "4", "4")
    found["b"]["path"] = "/changed"
    found["c"] = "5"

    assert jar.cookie_header(ORIGIN) == "a=1; b=2"
    again = jar.filter_cookies(ORIGIN)
    assert values(again) == {"a": "1", "b": "2"}
    assert again["b"]["path"] == ""


def test_an_empty_jar_is_false_and_sends_nothing(jar: CookieJar) -> None:
    assert not jar
    assert jar.cookie_header(ORIGIN) == ""
    jar.update_cookies({"a": "1"})
    assert jar


def test_an_empty_jar_costs_a_request_nothing() -> None:
    """It looks neither at the clock nor at the URL."""

    def now() -> float:
        raise AssertionError("asked for the time")

    jar = CookieJar(now=now)

    assert jar.cookie_header(ORIGIN) == ""
    assert values(jar.filter_cookies(ORIGIN)) == {}
    assert jar._remembered._answers == {}


def test_a_remembered_field_follows_every_change(jar: CookieJar, clock: ManualClock) -> None:
    """However the jar changes, the next field is right."""

    def header() -> str:
        first = jar.cookie_header(ORIGIN)
        assert jar.cookie_header(ORIGIN) == first
        return first

    assert header() == ""
    jar.update_cookies({"a": "1"}, ORIGIN)
    assert header() == "a=1"
    jar.update_cookies_from_headers(["a=2"], ORIGIN)
    assert header() == "a=2"
    jar.update_cookies_from_headers(["a=2; Max-Age=10"], ORIGIN)
    assert header() == "a=2"
    jar.update_cookies_from_headers(["b=3"], ORIGIN)
    assert header() == "a=2; b=3"
    clock.time += 10
    assert header() == "b=3"
    jar.update_cookies_from_headers(["b=; Max-Age=0"], ORIGIN)
    assert header() == ""
    jar.update_cookies({"c": "4"}, ORIGIN)
    assert header() == "c=4"
    jar.clear_domain("example.com")
    assert header() == ""
    jar.update_cookies({"d": "5"}, ORIGIN)
    assert header() == "d=5"
    jar.clear(lambda morsel: morsel.key == "d")
    assert header() == ""
    jar.update_cookies({"e": "6"}, ORIGIN)
    assert header() == "e=6"
    jar.clear()
    assert header() == ""


def test_an_age_renewed_with_the_same_value_counts(jar: CookieJar, clock: ManualClock) -> None:
    jar.update_cookies_from_headers(["a=1; Max-Age=10"], ORIGIN)
    assert jar.cookie_header(ORIGIN) == "a=1"
    clock.time += 5
    jar.update_cookies_from_headers(["a=1; Max-Age=10"], ORIGIN)
    clock.time += 9
    assert jar.cookie_header(ORIGIN) == "a=1"
    jar.update_cookies_from_headers(["a=1; Max-Age=2"], ORIGIN)
    clock.time += 2
    assert jar.cookie_header(ORIGIN) == ""


def test_fields_are_remembered_per_scheme_host_path_and_port() -> None:
    jar = CookieJar(treat_as_secure_origin="http://www.example.com:81")
    jar.update_cookies_from_headers(["s=1; Secure", "p=2; Path=/p"], ORIGIN)

    for _ in range(2):
        assert jar.cookie_header(ORIGIN) == "s=1"
        assert jar.cookie_header(PLAIN) == ""
        assert jar.cookie_header(PLAIN.with_port(81)) == "s=1"
        assert jar.cookie_header(PLAIN / "p") == "p=2"
        assert jar.cookie_header(URL("https://example.com/")) == ""


def test_remembered_fields_are_bounded() -> None:
    """However many URLs are visited, and however long the fields are."""
    jar = CookieJar()
    jar.update_cookies({"a": "x" * 10_000})
    for number in range(1000):
        assert jar.cookie_header(ORIGIN / str(number)) == "a=" + "x" * 10_000

    kept = [answer.field_value or "" for answer in jar._remembered._answers.values()]
    assert 0 < sum(map(len, kept)) <= jar._remembered.text <= 1.1 * (1 << 20)


def test_an_answer_from_memory_counts_as_use(clock: ManualClock) -> None:
    """RFC 6265 §5.3, §5.4 step 3, SEC-44: what is in use is not evicted, however it was found."""
    jar = CookieJar(now=clock, limits=CookieLimits(per_domain=2))
    jar.update_cookies_from_headers(["a=1; Path=/a", "b=2; Path=/b"], ORIGIN)
    for path in "aba":
        jar.cookie_header(ORIGIN / path)

    jar.update_cookies_from_headers(["c=3"], ORIGIN)

    assert jar.cookie_header(ORIGIN / "a") == "a=1; c=3"
    assert jar.cookie_header(ORIGIN / "b") == "c=3"


def test_a_cookie_sent_again_is_still_the_used_one(clock: ManualClock) -> None:
    """A session cookie repeated by the server, and then used from memory."""
    jar = CookieJar(now=clock, limits=CookieLimits(per_domain=2))
    jar.update_cookies_from_headers(["a=1; Path=/a", "b=2; Path=/b"], ORIGIN)
    jar.cookie_header(ORIGIN / "a")
    jar.update_cookies_from_headers(["a=1; Path=/a; Max-Age=9", "b=2; Path=/b"], ORIGIN)
    jar.cookie_header(ORIGIN / "a")

    jar.update_cookies_from_headers(["c=3"], ORIGIN)

    assert [morsel.key for morsel in jar] == ["a", "c"]
    clock.time += 9
    assert [morsel.key for morsel in jar] == ["c"]


def test_a_cookie_sent_again_has_the_attributes_of_the_last(jar: CookieJar) -> None:
    """RFC 6265 §5.3 step 11: only its creation time stays."""
    jar.update_cookies_from_headers(["a=1; Max-Age=5; Version=1", "b=2"], ORIGIN)
    before = jar.cookie_header(ORIGIN)

    jar.update_cookies_from_headers(["a=1; HttpOnly; SameSite=Lax; Comment=c; Max-Age=60"], ORIGIN)

    (morsel,) = (each for each in jar if each.key == "a")
    assert (morsel["max-age"], morsel["samesite"], morsel["comment"]) == ("60", "Lax", "c")
    assert (morsel["httponly"], morsel["version"]) == (True, "")
    assert jar.cookie_header(ORIGIN) == before == "a=1; b=2"


@pytest.mark.parametrize("ages", [(9, 5), (5, 9), (None, 5), (9, 5, 9, 5), (5, None)])
def test_the_last_expiry_counts(
    jar: CookieJar, clock: ManualClock, ages: tuple[int | None, ...]
) -> None:
    """RFC 6265 §5.3 step 11: later or sooner than before, or none."""
    for age in ages:
        attribute = "" if age is None else f"; Max-Age={age}"
        jar.update_cookies_from_headers([f"a=1{attribute}"], ORIGIN)
    last = ages[-1]

    clock.time += 100 if last is None else last - 1
    assert jar.cookie_header(ORIGIN) == "a=1"
    clock.time += 1
    assert jar.cookie_header(ORIGIN) == ("a=1" if last is None else "")


def test_too_long_a_field_is_cut_and_logged(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """SEC-44: a header-length cap."""
    jar = CookieJar(now=clock, limits=CookieLimits(cookie_header=20))
    jar.update_cookies_from_headers([f"{name}=12345" for name in "abc"], ORIGIN)

    assert jar.cookie_header(ORIGIN) == "a=12345; b=12345"
    assert "1 cookies for 'www.example.com' not sent" in caplog.text
    assert "12345" not in caplog.text


def test_the_hosts_of_one_site_share_a_limit() -> None:
    """rfc6265bis §5.7, where public suffixes are known."""
    jar = CookieJar(limits=CookieLimits(per_domain=2), is_public_suffix={"co.uk"}.__contains__)
    jar.update_cookies({"a": "1"}, URL("https://other.co.uk/"))

    for host in ("a.shop.co.uk", "b.shop.co.uk", "shop.co.uk"):
        jar.update_cookies_from_headers(["a=1"], URL.build(scheme="https", host=host))

    assert {domain for domain, _ in jar.cookies} == {"other.co.uk", "b.shop.co.uk", "shop.co.uk"}


def test_limits_evict_but_expired_cookies_go_first(clock: ManualClock) -> None:
    """RFC 6265 §5.3, SEC-44."""
    jar = CookieJar(now=clock, limits=CookieLimits(per_domain=2))
    jar.update_cookies_from_headers(["a=1", "b=2; Max-Age=5"], ORIGIN)
    clock.time += 5

    jar.update_cookies_from_headers(["c=3"], ORIGIN)

    assert jar.cookie_header(ORIGIN) == "a=1; c=3"


# Showing and removing


def test_len_counts_without_expiring_and_iteration_expires(
    jar: CookieJar, clock: ManualClock
) -> None:
    """S-180."""
    jar.update_cookies_from_headers(["a=1; Max-Age=5", "b=2; Path=/p"], ORIGIN)
    clock.time += 5

    assert len(jar) == 2
    assert [(m.key, m.value, m["domain"], m["path"]) for m in jar] == [
        ("b", "2", "www.example.com", "/p")
    ]
    assert len(jar) == 1


def test_cookies_are_shown_by_domain_and_path(jar: CookieJar, clock: ManualClock) -> None:
    """S-180."""
    jar.update_cookies({"s": "0"})
    jar.update_cookies_from_headers(
        ["a=1", "b=2; Domain=example.com; Path=/p", "x=9; Max-Age=5"], ORIGIN
    )
    clock.time += 5

    assert {key: values(cookies) for key, cookies in jar.cookies.items()} == {
        ("", "/"): {"s": "0"},
        ("www.example.com", "/"): {"a": "1"},
        ("example.com", "/p"): {"b": "2"},
    }
    assert jar.host_only_cookies == {("www.example.com", "a")}


def test_shown_cookies_can_be_stored_in_another_jar(jar: CookieJar, clock: ManualClock) -> None:
    """A shown Morsel says all that `update_cookies` needs, the host-only flag apart."""
    jar.update_cookies_from_headers(
        ['a="x\\054y"; Domain=example.com; Path=/p; Expires=Fri, 31 Dec 9999 00:00:00 GMT'], ORIGIN
    )
    other = CookieJar(now=clock)

    for (domain, _), cookies in jar.cookies.items():
        other.update_cookies(cookies, URL.build(scheme="https", host=domain))

    assert [dict(morsel) for morsel in other] == [dict(morsel) for morsel in jar]
    assert other.cookie_header(ORIGIN / "p") == 'a="x\\054y"'


def test_clear_with_a_predicate_removes_those_and_the_expired(
    jar: CookieJar, clock: ManualClock
) -> None:
    """S-193."""
    jar.update_cookies_from_headers(["a=1", "b=2", "c=3; Max-Age=5"], ORIGIN)
    clock.time += 5
    asked: list[str] = []

    def is_b(morsel: Morsel[str]) -> bool:
        asked.append(morsel.key)
        return morsel.key == "b"

    jar.clear(is_b)

    assert sorted(asked) == ["a", "b"]
    assert len(jar) == 1
    assert jar.cookie_header(ORIGIN) == "a=1"


def test_clear_domain_takes_the_domain_and_what_is_below(jar: CookieJar) -> None:
    """S-193."""
    for host in ("example.com", "www.example.com", "badexample.com", "com"):
        jar.update_cookies({"a": host}, URL.build(scheme="https", host=host))
    jar.update_cookies({"shared": "1"})

    jar.clear_domain(".EXAMPLE.com")

    assert {domain for domain, _ in jar.cookies} == {"", "badexample.com", "com"}
    jar.clear_domain("")
    assert {domain for domain, _ in jar.cookies} == {"badexample.com", "com"}


def test_the_repr_shows_no_cookie(jar: CookieJar) -> None:
    """S-014."""
    jar.update_cookies({"sid": "s3cret"})

    assert repr(jar) == "<CookieJar cookies=1 unsafe=False>"


# Subclasses


class _Filtering(CookieJar):
    def filter_cookies(self, request_url: URL | str = ORIGIN) -> BaseCookie[str]:
        cookies = super().filter_cookies(request_url)
        cookies["added"] = "1"
        return cookies


class _Watching(CookieJar):
    def update_cookies(self, cookies: LooseCookies, response_url: URL = ORIGIN) -> None:
        pairs = list(cookies.items() if hasattr(cookies, "items") else cookies)
        self.seen = [name for name, _ in pairs]
        super().update_cookies(pairs, response_url)


class _OwnHeader(_Filtering):
    def cookie_header(self, url: URL) -> str:
        return "own=1"


def test_a_subclass_that_filters_is_asked_for_the_field() -> None:
    """Overriding the documented method is enough."""
    jar = _Filtering()
    jar.update_cookies_from_headers(["z={1}"], ORIGIN)

    assert jar.cookie_header(ORIGIN) == "added=1; z={1}"
    assert _OwnHeader().cookie_header(ORIGIN) == "own=1"


def test_a_subclass_that_watches_sees_what_servers_set() -> None:
    """And the rules for servers still hold."""
    jar = _Watching()

    jar.update_cookies_from_headers(["a=1; Partitioned", "bad", "b=2; Secure"], PLAIN)

    assert jar.seen == ["a", "b"]
    assert jar.cookie_header(ORIGIN) == "a=1"


def test_ordinary_subclasses_keep_the_short_way() -> None:
    class Ordinary(CookieJar):
        pass

    assert Ordinary.cookie_header is CookieJar.cookie_header
    assert Ordinary.update_cookies_from_headers is CookieJar.update_cookies_from_headers


# Files


def test_saved_cookies_come_back(jar: CookieJar, clock: ManualClock, tmp_path: Any) -> None:
    """S-208, S-209, SEC-42: attributes, host-only flags and absolute expiry are kept."""
    jar.update_cookies({"shared": "a b"})
    jar.update_cookies_from_headers(
        ["host=1", "d=é\udcff; Domain=example.com; Path=/; Max-Age=10; Secure; Partitioned"], ORIGIN
    )
    jar.save(tmp_path / "jar.json")
    clock.time += 5
    other = CookieJar(now=clock)
    other.update_cookies({"gone": "1"})

    other.load(str(tmp_path / "jar.json"))

    assert other.cookie_header(ORIGIN) == jar.cookie_header(ORIGIN)
    assert other.host_only_cookies == jar.host_only_cookies == {("www.example.com", "host")}
    assert other.cookie_header(URL("https://x.www.example.com/")) == 'shared="a b"; d=é\udcff'
    clock.time += 5
    assert other.cookie_header(ORIGIN) == 'shared="a b"; host=1'


def test_loading_drops_what_the_jar_would_not_take(
    clock: ManualClock, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """S-209: the acceptance rules, and expiry."""
    loose = CookieJar(now=clock, unsafe=True)
    loose.update_cookies({"ip": "s3cret"}, URL("https://10.0.0.1/"))
    loose.update_cookies_from_headers(["old=1; Max-Age=5", "ok=1"], ORIGIN)
    loose.save(tmp_path / "jar.json")
    clock.time += 5
    jar = CookieJar(now=clock)

    with caplog.at_level(logging.DEBUG, "wherry.client"):
        jar.load(tmp_path / "jar.json")

    assert [morsel.key for morsel in jar] == ["ok"]
    assert "'ip' dropped" in caplog.text
    assert "s3cret" not in caplog.text


def test_cookies_of_a_cookies_txt_come_back(
    jar: CookieJar, clock: ManualClock, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """SEC-42, SEC-46: host-only flags survive; what has no domain is left out and said to be."""
    jar.update_cookies_from_headers(
        ["host=é\udcff", 'd="x y"; Domain=example.com; Path=/p; Max-Age=10; Secure; HttpOnly'],
        ORIGIN,
    )
    before = jar.cookies
    jar.update_cookies({"shared": "s3cret"})
    jar.save_netscape(tmp_path / "cookies.txt")
    other = CookieJar(now=clock)
    other.update_cookies({"gone": "1"})

    other.load_netscape(str(tmp_path / "cookies.txt"))

    assert "1 cookies for every host not saved" in caplog.text
    assert "s3cret" not in caplog.text
    assert other.cookie_header(ORIGIN / "p") == 'd="x y"; host=é\udcff'
    assert other.host_only_cookies == {("www.example.com", "host")}
    for key, cookies in other.cookies.items():
        for name, morsel in cookies.items():
            expected = before[key][name]
            assert {**expected, "max-age": ""} == {**morsel, "max-age": ""}
            assert morsel.coded_value == expected.coded_value
    clock.time += 10
    assert other.cookie_header(ORIGIN / "p") == "host=é\udcff"


def test_a_cookie_that_no_cookies_txt_can_hold_leaves_the_older_file(
    jar: CookieJar, tmp_path: Any
) -> None:
    """SEC-46: a tab in a path, which only the caller can have set."""
    path = tmp_path / "cookies.txt"
    jar.save_netscape(path)
    before = path.read_bytes()
    morsel = Morsel[str]()
    morsel.set("a", "s3cret", "s3cret")
    dict.__setitem__(morsel, "path", "/\t")
    jar.update_cookies({"a": morsel}, ORIGIN)

    with pytest.raises(InvalidCookieError, match="save it as JSON"):
        jar.save_netscape(path)

    assert path.read_bytes() == before


def test_cookies_of_lwp_are_loaded(jar: CookieJar, tmp_path: Any) -> None:
    """Those that are expired, or without name, are dropped."""
    path = tmp_path / "lwp.txt"
    path.write_text(
        "#LWP-Cookies-2.0\n"
        'Set-Cookie3: a="1 2"; path="/"; domain=".example.com"; discard; version=0\n'
        'Set-Cookie3: b=2; path="/"; domain="www.example.com"; discard; version=0\n'
        'Set-Cookie3: c; path="/"; domain="www.example.com"; discard; version=0\n'
        'Set-Cookie3: d=3; path="/"; domain="e.com"; expires="2001-01-01 00:00:00Z"; version=0\n'
    )

    jar.load_lwp(path)

    assert len(jar) == 2
    assert jar.cookie_header(ORIGIN) == "a=1 2; b=2"
    assert jar.host_only_cookies == {("www.example.com", "b")}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{"format": "wherry-cookies",\n "version": 1,\n\n "cookies": 5}', "line 4, cookies"),
        (
            '{"format": "wherry-cookies", "version": 1, "cookies": [\n'
            '{"name": "a", "value": "1"},\n{"name": 2.5}\n]}',
            "line 3, cookies[1].name",
        ),
        ('{"e.com|/": {"a": {"coded_value": "1"},\n "b": {\n"secure": 1}}}', "line 3, ['e.com|/']"),
        ('{"format": "wherry-cookies", "version": 1, "cookies": [\n{]}', "line 2 column 2"),
    ],
)
def test_a_damaged_line_of_json_is_named_and_leaves_the_jar(
    jar: CookieJar, tmp_path: Any, content: str, where: str
) -> None:
    """S-210, B-26: also where it is JSON, but not that of cookies."""
    jar.update_cookies({"a": "1"})
    (tmp_path / "jar.json").write_text(content)

    with pytest.raises(CookieFileError) as caught:
        jar.load(tmp_path / "jar.json")

    assert caught.value.where.startswith(where)
    assert jar.cookie_header(ORIGIN) == "a=1"


@pytest.mark.parametrize("method", ["load", "load_netscape", "load_lwp"])
@pytest.mark.parametrize(
    "content",
    [
        "# Netscape HTTP Cookie File\ne.com\tTRUE\t/\tFALSE\t0\ta\t1\ne.com\tTRUE\n",
        "#LWP-Cookies-2.0\nSet-Cookie3: a=1; domain=e.com\nSet-Cookie3: a=1; domain\n",
    ],
)
def test_a_damaged_line_is_named_and_leaves_the_jar(
    jar: CookieJar, tmp_path: Any, method: str, content: str
) -> None:
    """S-210."""
    jar.update_cookies({"a": "1"})
    (tmp_path / "file").write_text(content)

    with pytest.raises(CookieFileError, match=r"at line [123]"):
        getattr(jar, method)(tmp_path / "file")

    assert jar.cookie_header(ORIGIN) == "a=1"


def test_a_damaged_file_leaves_the_jar_as_it_was(jar: CookieJar, tmp_path: Any) -> None:
    """S-210, B-26."""
    jar.update_cookies({"a": "1"})
    damaged: Sequence[bytes] = (b"", b"{", b"[]", b'{"x": 1}', b"\x80\x05.", b"\xff")
    for data in damaged:
        (tmp_path / "jar.json").write_bytes(data)

        with pytest.raises(Exception) as caught:  # noqa: PT011  # two families, checked below
            jar.load(tmp_path / "jar.json")

        assert type(caught.value).__name__ in {"CookieFileError", "UnpicklingError"}
        assert jar.cookie_header(ORIGIN) == "a=1"


def test_a_missing_file_is_an_os_error(jar: CookieJar, tmp_path: Any) -> None:
    with pytest.raises(FileNotFoundError):
        jar.load(tmp_path / "none.json")
    with pytest.raises(FileNotFoundError):
        jar.save(tmp_path / "none" / "jar.json")
