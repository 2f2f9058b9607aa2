"""How long the parts of making a connection took."""

from wherry_pool import DialTimings


def test_parts_there_was_no_need_of_took_no_time() -> None:
    """Docstring: each is 0.0 until a dialer adds to it."""
    timings = DialTimings()

    assert (timings.dns, timings.connect, timings.tls) == (0.0, 0.0, 0.0)

    timings.connect += 0.25
    assert repr(timings) == "DialTimings(dns=0.000000, connect=0.250000, tls=0.000000)"
    assert not hasattr(timings, "__dict__")
