"""The Morsel views."""

import copy
import pickle
from http.cookies import BaseCookie, CookieError, Morsel, SimpleCookie

import pytest

from wherry_cookies import SetCookie, cookies_from_headers, parse_set_cookie
from wherry_cookies._cookie import Cookie
from wherry_cookies._morsel import (
    copies,
    read_morsel,
    received_morsel,
    sent_morsel,
    stored_morsel,
)

FIELD = (
    'a="x\\054y"; Domain=.Example.com; Path=/p; Max-Age=5; Expires=Sun, 06 Nov 1994 08:49:37 GMT;'
    " Secure; HttpOnly; SameSite=Lax; Partitioned; Version=1; Comment=c"
)


def received(field: str) -> SetCookie:
    cookie = parse_set_cookie(field)
    assert cookie is not None
    return cookie


def test_a_received_morsel_shows_what_the_server_wrote() -> None:
    """S-203, S-204, S-207."""
    morsel = received_morsel(received(FIELD))

    assert (morsel.key, morsel.value, morsel.coded_value) == ("a", "x,y", '"x\\054y"')
    assert {key: value for key, value in morsel.items() if key != "partitioned"} == {
        "domain": ".Example.com",
        "path": "/p",
        "max-age": "5",
        "expires": "Sun, 06 Nov 1994 08:49:37 GMT",
        "secure": True,
        "httponly": True,
        "samesite": "Lax",
        "version": "1",
        "comment": "c",
    }


def test_absent_attributes_are_empty_as_in_http_cookies() -> None:
    expected: SimpleCookie = SimpleCookie()
    expected["a"] = "b"

    assert received_morsel(received("a=b")) == expected["a"]


@pytest.mark.parametrize(
    "morsel",
    [
        received_morsel(received("a=1; Partitioned=no; Secure")),
        stored_morsel(Cookie("a", "1", "x.example", "/", secure=True, partitioned=True)),
    ],
)
def test_partitioned_is_shown_in_every_python(morsel: Morsel[str]) -> None:
    """S-204: and survives copying; `http.cookies` has a key for it from 3.14 on."""
    for each in (morsel, morsel.copy(), copy.copy(morsel), pickle.loads(pickle.dumps(morsel))):
        assert (each.key, each.value, each["secure"]) == ("a", "1", True)
        assert each["partitioned"] is True
        assert read_morsel("a", each, quote_cookie=True).partitioned
    for each in (copy.copy(morsel.copy()), pickle.loads(pickle.dumps(morsel.copy()))):
        assert each == morsel


def test_other_unknown_attributes_are_refused_as_ever() -> None:
    with pytest.raises(CookieError):
        received_morsel(received("a=1"))["unheard-of"] = "x"


@pytest.mark.parametrize("name", ["a[b]", "path", "a@b/c:d", "expires"])
def test_names_that_http_cookies_refuses_can_be_shown(name: str) -> None:
    """S-201."""
    morsel = received_morsel(received(f"{name}=1"))

    assert morsel.OutputString() == f"{name}=1"


def test_a_stored_morsel_shows_the_expiry_time_as_a_date() -> None:
    """A date keeps its meaning when the view is stored elsewhere later, an age does not."""
    cookie = Cookie("a", "1", "x.example", "/", expires_at=784111777.5)

    assert stored_morsel(cookie)["expires"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert stored_morsel(Cookie("a", "1", "x.example", "/"))["expires"] == ""


def test_a_sent_morsel_has_no_attributes() -> None:
    """S-195: it is what `http.cookies` itself makes of a Cookie field."""
    expected: SimpleCookie = SimpleCookie('a="x y"')

    morsel = sent_morsel(Cookie("a", '"x y"', "x.example", "/", secure=True, expires_at=1.0))

    assert (morsel.key, morsel.value, morsel.coded_value) == ("a", "x y", '"x y"')
    assert morsel == expected["a"]
    assert not any(morsel.values())


def test_copies_are_equal_and_nobody_elses() -> None:
    """S-195: changing them has no effect elsewhere."""
    originals = {name: sent_morsel(Cookie(name, "1", "x.example", "/")) for name in "ba"}

    copied = copies(originals)

    assert type(copied) is BaseCookie
    assert list(copied.items()) == list(originals.items())
    copied["a"].set("a", "2", "2")
    copied["a"]["path"] = "/changed"
    assert (originals["a"].value, originals["a"]["path"]) == ("1", "")
    assert copies(originals)["a"] == originals["a"] == sent_morsel(Cookie("a", "1", "y", "/"))


def test_a_received_morsel_reads_back_whole() -> None:
    """Whatever keys this Python's Morsel has."""
    cookie = received(FIELD)

    assert read_morsel("a", received_morsel(cookie), quote_cookie=True) is cookie


@pytest.mark.parametrize("copied", [copy.copy, lambda morsel: pickle.loads(pickle.dumps(morsel))])
def test_a_copy_of_a_received_morsel_is_an_ordinary_one(copied: object) -> None:
    cookie = received("a=b; Path=/p; Secure; Max-Age=5")
    assert callable(copied)

    read = read_morsel("a", copied(received_morsel(cookie)), quote_cookie=True)

    assert read == cookie


def test_an_ordinary_morsel_is_read_by_its_attributes() -> None:
    """S-181."""
    cookies: SimpleCookie = SimpleCookie("a=1; Path=/p; Domain=x.example; Secure; Max-Age=7")

    read = read_morsel("a", cookies["a"], quote_cookie=True)

    assert read == SetCookie("a", "1", "x.example", "/p", max_age=7, secure=True)


def test_quote_cookie_chooses_the_coded_value_of_a_morsel() -> None:
    """S-198."""
    cookies: SimpleCookie = SimpleCookie()
    cookies["a"] = "x y"

    assert read_morsel("a", cookies["a"], quote_cookie=True).coded_value == '"x y"'
    assert read_morsel("a", cookies["a"], quote_cookie=False).coded_value == "x y"


def test_of_equal_names_in_a_response_the_last_counts() -> None:
    """S-207."""
    cookies = cookies_from_headers(["a=1", "b=2; Path=/b", "bad", "a=3"])

    assert type(cookies) is SimpleCookie
    assert {name: morsel.value for name, morsel in cookies.items()} == {"a": "3", "b": "2"}
    assert cookies["b"]["path"] == "/b"
