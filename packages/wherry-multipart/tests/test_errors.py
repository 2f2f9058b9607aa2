"""Errors that are both the codec's and a `ValueError`."""

import pickle

from wherry_codec import RemoteProtocolError
from wherry_multipart import InvalidPartHeader


def test_part_header_error_is_what_readers_of_either_kind_catch() -> None:
    """S-318, S-561."""
    error = InvalidPartHeader("no colon")

    assert isinstance(error, ValueError)
    assert isinstance(error, RemoteProtocolError)
    assert str(pickle.loads(pickle.dumps(error))) == "no colon"
