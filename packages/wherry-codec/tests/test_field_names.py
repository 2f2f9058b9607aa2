"""Method and field names."""

import pytest
from multidict import CIMultiDict, istr

from wherry_codec import field_names

FIELD_NAMES = {name: value for name, value in vars(field_names).items() if isinstance(value, istr)}


def test_there_is_a_constant_for_every_name() -> None:
    """S-023."""
    assert len(FIELD_NAMES) == 77


def test_constant_is_named_after_the_field() -> None:
    """S-023: an istr that finds the field in any spelling."""
    for name, value in FIELD_NAMES.items():
        assert value.upper().replace("-", "_") == name
        assert CIMultiDict({name.replace("_", "-"): "x"})[value] == "x"


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("ETAG", "Etag"),
        ("TE", "TE"),
        ("URI", "URI"),
        ("WWW_AUTHENTICATE", "WWW-Authenticate"),
        ("CONTENT_MD5", "Content-MD5"),
        ("LAST_EVENT_ID", "Last-Event-ID"),
        ("SEC_WEBSOCKET_KEY1", "Sec-WebSocket-Key1"),
        ("X_FORWARDED_FOR", "X-Forwarded-For"),
    ],
)
def test_unusual_spellings(name: str, spelling: str) -> None:
    """S-023."""
    assert str(FIELD_NAMES[name]) == spelling


def test_methods() -> None:
    """S-023: plain strings; METH_ALL holds all but the wildcard."""
    methods = {
        value
        for name, value in vars(field_names).items()
        if name.startswith("METH_") and isinstance(value, str)
    }

    assert field_names.METH_ANY == "*"
    assert methods - {"*"} == field_names.METH_ALL
    assert field_names.METH_QUERY in field_names.METH_ALL


@pytest.mark.parametrize(
    ("names", "word", "count"),
    [
        (field_names.HOST_ALL, "hOsT", 16),
        (field_names.METH_HEAD_ALL, "heaD", 16),
        (field_names.METH_CONNECT_ALL, "Connect", 128),
    ],
)
def test_every_mix_of_cases(names: frozenset[str], word: str, count: int) -> None:
    """S-020."""
    assert word in names
    assert len(names) == count
