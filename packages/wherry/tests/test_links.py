"""`_links`: Link fields as multidicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry._links import links_of

BASE = URL("http://h.example/a/b?c=d")


def test_links_are_found_by_relation_or_url() -> None:
    """S-410: all lines, comma-separated; quotes removed, the URL absolute."""
    links = links_of(
        [
            '<../next?page=2>; rel="next"; title="a, b"',
            "<http://other.example/>; rel=prev, <plain>",
        ],
        BASE,
    )

    assert list(links) == ["next", "prev", "plain"]
    assert dict(links["next"]) == {
        "rel": "next",
        "title": "a, b",
        "url": URL("http://h.example/next?page=2"),
    }
    assert links["prev"]["url"] == URL("http://other.example/")
    assert dict(links["plain"]) == {"url": URL("http://h.example/a/plain")}


def test_a_relation_may_have_several_links() -> None:
    """S-410: it is a multidict, and so is each link. The `url` is ours, whatever is sent."""
    links = links_of(["<1>; rel=item; media=a; media=b; url=x, <2>; rel=item"], BASE)

    first, second = links.getall("item")
    assert first.getall("media") == ["a", "b"]
    assert first.getall("url") == [URL("http://h.example/a/1")]
    assert second["url"] == URL("http://h.example/a/2")


@pytest.mark.parametrize("value", ["", ",", "next", "<http://[::1>; rel=a", "<a\x00b>; rel=a"])
def test_what_is_no_link_is_left_out(value: str) -> None:
    """S-410, S-420: a peer's nonsense is no error of the caller's."""
    assert len(links_of([value], BASE)) == 0


@given(st.text())
def test_garbage_gives_links_or_nothing(value: str) -> None:
    """SEC-51: and every URL is absolute."""
    for parameters in links_of([value], BASE).values():
        url = parameters["url"]
        assert isinstance(url, URL)
        assert url.absolute


def test_a_megabyte_of_hostile_input_takes_linear_time() -> None:
    """SEC-51: far below what anything quadratic would take."""
    assert len(links_of(["<" * 1_000_000, "<a>;" + '"' * 1_000_000], BASE)) <= 1
