"""Error classes: sides, facts as attributes, texts that do not flood."""

import pickle

import pytest

import wherry_codec
from wherry_codec import LineTooLong, LocalProtocolError, RemoteProtocolError, quote


def test_long_peer_data_is_cut() -> None:
    """S-104: at most 100 bytes of the peer's are repeated."""
    assert quote(b"x" * 100) == repr(b"x" * 100)
    assert quote(b"x" * 101) == repr(b"x" * 100) + "... (101 in all)"


def test_line_too_long_carries_its_facts() -> None:
    """S-053, S-087: nobody has to parse the message, and a ValueError it is as well."""
    error = LineTooLong("the start line", 10, 11)

    assert (error.limit, error.actual, error.code) == (10, 11, 431)
    assert str(error) == "the start line is longer than allowed: limit 10, got at least 11"
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    "error",
    [LineTooLong("a line", 1, 2), RemoteProtocolError("text"), LocalProtocolError("text")],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error: Exception) -> None:
    """For process pools and logs."""
    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is type(error)
    assert str(copy) == str(error)


def test_every_error_has_a_side() -> None:
    """Each concrete error is our fault or the peer's, never both."""
    for name in wherry_codec.__all__:
        value = getattr(wherry_codec, name)
        if isinstance(value, type) and issubclass(value, wherry_codec.ProtocolError):
            sides = (issubclass(value, RemoteProtocolError), issubclass(value, LocalProtocolError))
            assert sum(sides) == 1 or value is wherry_codec.ProtocolError
