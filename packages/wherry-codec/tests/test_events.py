"""Events are values."""

import dataclasses

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec import Data, EndOfMessage, HttpVersion11, InformationalResponse, Request, Response


@pytest.mark.parametrize(
    "fields",
    [{"A": "b"}, [("A", "b")], CIMultiDict(A="b"), CIMultiDictProxy(CIMultiDict(A="b"))],
    ids=["dict", "pairs", "multidict", "proxy"],
)
def test_fields_may_be_given_in_any_form(
    fields: dict[str, str] | list[tuple[str, str]],
) -> None:
    """They are always read as a case-insensitive multidict that cannot be changed."""
    events = (
        Request("GET", "/", fields),
        Response(200, fields),
        InformationalResponse(103, fields),
    )

    for event in events:
        assert isinstance(event.headers, CIMultiDictProxy)
        assert event.headers["a"] == "b"
        assert event.version == HttpVersion11
    assert EndOfMessage(fields).trailers["a"] == "b"


def test_later_changes_of_a_dict_do_not_reach_an_event() -> None:
    """A mutable multidict is copied."""
    fields = CIMultiDict(A="b")
    request = Request("GET", "/", fields)

    fields["A"] = "c"

    assert request.headers["A"] == "b"


def test_equal_events_are_equal() -> None:
    """So that tests can compare them."""
    assert Request("GET", "/", {"a": "b"}) == Request("GET", "/", [("a", "b")])
    assert Response(200) != Response(201)
    assert EndOfMessage() == EndOfMessage({}, False)


def test_events_cannot_be_changed() -> None:
    """They may be passed around freely."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Data(b"a").data = b"b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Request("GET", "/").method = "PUT"  # type: ignore[misc]
