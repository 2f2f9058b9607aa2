"""The public face of the field value parsers: all there, none raises, all linear."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import fields

PARSERS: dict[str, Callable[[str], object]] = {
    "challenges": fields.parse_challenges,
    "connection_options": lambda value: fields.connection_options([value]),
    "content_range": fields.parse_content_range,
    "etag": fields.parse_etag,
    "etag_list": fields.parse_etag_list,
    "ext_value": fields.decode_ext_value,
    "http_date": lambda value: fields.parse_http_date(value, now=0),
    "keep_alive": fields.parse_keep_alive,
    "links": fields.parse_links,
    "list": fields.split_list,
    "media_type": fields.parse_media_type,
    "parameters": fields.parse_parameters,
    "retry_after": lambda value: fields.parse_retry_after(value, now=0),
    "unquote": fields.unquote_string,
}

# What would make a backtracking, or rescanning, parser of each field slow, to be repeated.
HOSTILE = [
    ("challenges", '"'),
    ("challenges", 'a "='),
    ("content_range", " "),
    ("etag", '"'),
    ("etag_list", " "),
    ("etag_list", '"\t'),
    ("etag_list", ",W/"),
    ("ext_value", "%41"),
    ("http_date", " "),
    ("keep_alive", 'a="b,'),
    ("links", " "),
    ("links", "<,"),
    ("links", '<>;"'),
    ("list", " "),
    ("list", '"a\\'),
    ("media_type", "a/b"),
    ("parameters", 'a="b;'),
    ("parameters", "="),
    ("retry_after", "9"),
    ("unquote", "\\"),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("name", "piece"), HOSTILE)
def test_a_megabyte_of_anything_is_read_in_linear_time(name: str, piece: str) -> None:
    """SEC-51: quadratic work on this size would take many minutes, and the test has a limit."""
    PARSERS[name](piece * (1_000_000 // len(piece)))


@settings(max_examples=60)
@given(st.text() | st.text("\"\\<>;,= /*a1W\t%'"))
def test_nothing_a_peer_sends_raises(value: str) -> None:
    """A malformed value has a safe outcome."""
    for parse in PARSERS.values():
        parse(value)
    assert all(element == element.strip(" \t") != "" for element in fields.split_list(value))
    assert all(fields.is_token(name) for name in fields.parse_parameters(value))
    assert fields.is_token(fields.parse_media_type(value).type)
    for link in fields.parse_links(value):
        assert link.relations == tuple((link.get("rel") or "").lower().split())


def test_public_names_are_sorted_and_complete() -> None:
    """Every parser there is can be reached, and is tried above."""
    names = fields.__all__

    assert set(names) == {name for name in vars(fields) if not name.startswith("_")}
    parsers = {name for name in names if name.startswith("parse_")}
    assert {f"parse_{name}" for name in PARSERS} >= parsers
