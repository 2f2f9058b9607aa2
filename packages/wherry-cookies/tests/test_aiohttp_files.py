"""Files that aiohttp wrote."""

import os
import pickle
from collections import defaultdict
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry_cookies import CookieFileError, CookieJar
from wherry_cookies._aiohttp_files import cookies_of_aiohttp_json, cookies_of_pickle
from wherry_cookies._json_text import Place
from wherry_cookies.testing import ManualClock

CORPUS = Path(__file__).parent / "corpus"
ORIGIN = URL("https://www.example.com/foo/bar")
# One hour after the corpus files were written, less a little.
AFTER_AN_HOUR = 1_795_355_600.0


def legacy() -> bytes:
    return bytes.fromhex((CORPUS / "aiohttp_3_13.pickle.hex").read_text())


def pickled(**morsels: str) -> bytes:
    """A pickle as aiohttp 3.13 built it."""
    jar: defaultdict[Any, SimpleCookie] = defaultdict(SimpleCookie)
    for name, value in morsels.items():
        jar["x.example", "/"][name] = value
        jar["x.example", "/"][name]["max-age"] = "60"
    return pickle.dumps(jar, pickle.HIGHEST_PROTOCOL)


def test_the_json_of_aiohttp_is_read(clock: ManualClock) -> None:
    """S-209: values as received, attributes, host-only flags, expiry times."""
    jar = CookieJar(now=clock)
    jar.load(CORPUS / "aiohttp_3_14.json")

    assert jar.cookie_header(ORIGIN) == (
        'q="a\\054b"; e=1; s=é; t=x y{z; h=1; p=1; shared=v1; sp="a b\\054c"'
    )
    assert jar.cookie_header(URL("https://api.example.com/x")) == ('a=b; shared=v1; sp="a b\\054c"')
    assert {name for _, name in jar.host_only_cookies} == set("qesthp")
    clock.time = AFTER_AN_HOUR
    assert "a=b" not in jar.cookie_header(URL("https://api.example.com/x"))


def test_the_pickle_of_aiohttp_is_read(clock: ManualClock, tmp_path: Path) -> None:
    """S-209."""
    (tmp_path / "jar.pickle").write_bytes(legacy())
    jar = CookieJar(now=clock)

    jar.load(tmp_path / "jar.pickle")

    assert jar.cookie_header(ORIGIN) == 'q="a\\054b"; e=1; shared="v 1"'
    (cookie,) = jar.cookies["example.com", "/x"].values()
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    clock.time += 3600
    assert jar.cookie_header(URL("https://example.com/x")) == 'shared="v 1"'


def test_pickles_keyed_by_domain_alone_are_read() -> None:
    """As aiohttp before 3.9 wrote them."""
    jar: dict[str, SimpleCookie] = {"x.example": SimpleCookie("a=1; Path=/p")}

    (saved,) = cookies_of_pickle(pickle.dumps(jar, 4))

    assert (saved.cookie.domain, saved.cookie.path, saved.host) == ("x.example", "/p", "")


class _Attack:
    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("function", [os.system, eval, exec, getattr, __import__, open, print])
@pytest.mark.parametrize("is_hidden", [True, False])
def test_anything_but_cookies_is_refused_and_not_run(
    tmp_path: Path, function: Any, is_hidden: bool
) -> None:
    """S-209, SEC-46: the unpickler looks classes up in a list of seven, and calls nothing else."""
    target = tmp_path / "touched"
    attack = _Attack(function, f"touch {target}")
    data = pickle.dumps({("x.example", "/"): attack} if is_hidden else attack)

    with pytest.raises(pickle.UnpicklingError, match="refused"):
        cookies_of_pickle(data)

    assert not target.exists()


def test_a_pickle_cannot_change_the_real_cookie_classes() -> None:
    """The BUILD opcode sets attributes; it finds only stand-ins that live for one reading."""
    before = dict(vars(Morsel))
    data = b"\x80\x02chttp.cookies\nMorsel\n(N}X\x05\x00\x00\x00valueX\x04\x00\x00\x00evilstb."

    with pytest.raises(pickle.UnpicklingError):
        cookies_of_pickle(data)

    assert dict(vars(Morsel)) == before
    assert [saved.cookie.coded_value for saved in cookies_of_pickle(pickled(a="1"))] == ["1"]


def test_a_pickle_keeps_the_age_from_the_time_of_reading() -> None:
    """It has no absolute expiry for it."""
    (saved,) = cookies_of_pickle(pickled(a="1"))

    assert saved.cookie.expiry_time(100.0) == 160.0


@given(st.data())
def test_a_damaged_pickle_gives_cookies_or_the_documented_error(data: st.DataObject) -> None:
    """S-210: cut off or with one octet changed."""
    original = pickled(a="1", b="x y")
    position = data.draw(st.integers(1, len(original) - 1))
    octet = data.draw(st.none() | st.sampled_from([0, 0x28, 0x2E, 0x30, 0x52, 0x62, 0x75, 0xFF]))
    tail = b"" if octet is None else bytes([octet]) + original[position + 1 :]
    try:
        cookies_of_pickle(original[:position] + tail)
    except pickle.UnpicklingError:
        pass


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"x": []},
        {("x", 1): SimpleCookie()},
        {1: SimpleCookie()},
        {("x", "/", "y"): SimpleCookie()},
        {"x": {"a": "1"}},
        {"x": {"a": {}}},
    ],
)
def test_a_pickle_of_another_shape_is_an_unpickling_error(content: object) -> None:
    with pytest.raises(pickle.UnpicklingError):
        cookies_of_pickle(pickle.dumps(content))


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"x": {}}, "x"),
        ({"x|/": []}, "['x|/']"),
        ({"x|/": {"a": 1}}, "['x|/'].a"),
        ({"x|/": {"a[b]": {"coded_value": 1.5}}}, "['x|/']['a[b]'].coded_value"),
        ({"x|/": {"a": {"expires_timestamp": "soon"}}}, "['x|/'].a.expires_timestamp"),
        ({"|/": {"a": {"host_only": True}}}, "['|/'].a"),
    ],
)
def test_json_of_another_shape_says_where(document: dict[object, object], where: str) -> None:
    """S-210."""
    with pytest.raises(CookieFileError) as caught:
        list(cookies_of_aiohttp_json(document, Place("{}")))

    assert caught.value.where == f"line 1, {where}"


def test_the_expiry_time_of_a_file_wins_over_its_age() -> None:
    """S-208: relative ages mean nothing in a file."""
    members = {"coded_value": "1", "max-age": 5, "expires_timestamp": 50.0}

    (saved,) = cookies_of_aiohttp_json({"x.example|": {"a": members}}, Place())

    assert saved.cookie.expiry_time(1000.0) == 50.0
    assert saved.cookie.path == "/"
