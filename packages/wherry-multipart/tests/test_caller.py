"""Where warnings point."""

from wherry_multipart._caller import caller_level


def test_level_is_that_of_the_first_frame_outside() -> None:
    """S-571: called from outside, it is the caller itself."""
    assert caller_level() == 1
