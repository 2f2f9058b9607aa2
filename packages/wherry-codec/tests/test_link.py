"""Links: targets, relations, and commas that separate nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec._field_syntax import quote_string
from wherry_codec._link import Link, parse_links

TARGETS = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="<>"))
NAMES = st.text("abcdxyz-", min_size=1, max_size=6)
VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
LINKS = st.builds(
    Link,
    TARGETS.map(lambda target: target.strip(" ")),
    st.lists(st.tuples(NAMES, VALUES), max_size=4).map(tuple),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("</a>", [Link("/a")]),
        ('</a?b,c;d>; rel="next"', [Link("/a?b,c;d", (("rel", "next"),))]),
        ("<>;rel=self", [Link("", (("rel", "self"),))]),
        ("</a> ; REL=Next ;x", [Link("/a", (("rel", "Next"), ("x", "")))]),
        (
            "</a>;rel=next,</b>;rel=prev",
            [Link("/a", (("rel", "next"),)), Link("/b", (("rel", "prev"),))],
        ),
        (',, </a> ,\t,</b>;title="a, <b>; c"', [Link("/a"), Link("/b", (("title", "a, <b>; c"),))]),
        (r'</a>;title="\"\\"', [Link("/a", (("title", '"\\'),))]),
        ("</a>;a=1;a=2", [Link("/a", (("a", "1"), ("a", "2")))]),
    ],
)
def test_links_are_read(value: str, expected: list[Link]) -> None:
    """RFC 8288 §3, S-410: neither a comma in a target nor one in quotes separates links."""
    assert parse_links(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/a; rel=next, </b>", ["/b"]),
        ("</a, </b>; rel=next", []),
        ("</a", []),
        ("</a\x00>, </b>", ["/b"]),
        ('"</a>", </b>', ["/b"]),
        ("x</a>, </b>", ["/b"]),
        ('</a>;title="b, </c>', ["/a"]),
    ],
)
def test_what_is_no_link_is_passed_over(value: str, expected: list[str]) -> None:
    """RFC 8288 Appendix B.2; one broken element does not hide the others if they can be told."""
    assert [link.target for link in parse_links(value)] == expected


@pytest.mark.parametrize(
    "value", ["</a>x;rel=next", "</a>rel=next", '</a>;rel="next', "</a>;=next"]
)
def test_broken_parameters_are_left_out(value: str) -> None:
    """RFC 8288 Appendix B.3."""
    assert parse_links(value) == [Link("/a")]


def test_links_of_several_lines_come_in_order() -> None:
    """RFC 9110 §5.3; a quoted string that does not end reaches to the end of its own line only."""
    assert [link.target for link in parse_links(['</a>;x="', "</b>"])] == ["/a", "/b"]


def test_relations_are_compared_in_lower_case() -> None:
    """RFC 8288 §2.1.2, §3.3: several at once, and only the first `rel` counts."""
    (link,) = parse_links('</a>; rel="Next  http://EXAMPLE.org/x"; rel=prev')

    assert link.relations == ("next", "http://example.org/x")
    assert Link("/a").relations == ()


def test_parameter_in_its_own_character_set_wins() -> None:
    """RFC 8288 §3.4.1; if it is broken the plain one remains."""
    (link,) = parse_links("</a>; title=plain; title*=UTF-8''%e2%82%ac; x*=UTF-8''%e2; x=y")

    assert link.get("title") == "€"
    assert link.get("x") == "y"
    assert link.get("rel") is None


@settings(max_examples=50)
@given(st.lists(LINKS, max_size=4))
def test_what_is_written_is_read(links: list[Link]) -> None:
    """RFC 8288 §3."""
    lines = [
        "".join([f"<{link.target}>", *(f"; {n}={quote_string(v)}" for n, v in link.parameters)])
        for link in links
    ]

    assert parse_links(", ".join(lines)) == links
    assert parse_links(lines) == links
