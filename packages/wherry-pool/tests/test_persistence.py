"""Whether a connection is worth keeping, and for how long."""

import pytest

from wherry_codec import CHUNKED, UNTIL_CLOSE
from wherry_pool import IncomingBody
from wherry_pool._persistence import DRAIN_UP_TO, idle_lifetime, is_worth_draining


@pytest.mark.parametrize(
    ("keep_alive", "seconds"),
    [
        (b"timeout=5", 4.0),
        (b"max=100, Timeout = 5", 4.0),
        (b"timeout=60", 15.0),
        (b"timeout=0", 0.0),
        (b"timeout=99999999999999999999", 15.0),
        (b"timeout=-5", 15.0),
        (b"timeout=5.5", 15.0),
        (b"max=3", 15.0),
        (b"", 15.0),
        (b"\xff, , =", 15.0),
    ],
)
def test_server_can_only_shorten_the_time(keep_alive: bytes, seconds: float) -> None:
    """DECISIONS C-09: its number less one second; what is no number is passed over."""
    assert idle_lifetime(keep_alive, 15.0) == seconds


@pytest.mark.parametrize(
    ("length", "is_worth"),
    [(DRAIN_UP_TO, True), (DRAIN_UP_TO + 1, False), (CHUNKED, False), (UNTIL_CLOSE, False)],
)
def test_only_a_rest_known_to_be_small_is_drained(length: int, is_worth: bool) -> None:
    """S-133, DECISIONS C-07: what has arrived does not count."""
    assert is_worth_draining(IncomingBody(None, length, 0)) is is_worth

    if length > 0:
        body = IncomingBody(None, length + 4, 0)
        body.feed(b"1234", 0)
        assert is_worth_draining(body) is is_worth
