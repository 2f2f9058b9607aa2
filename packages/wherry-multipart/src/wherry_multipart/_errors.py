"""What can be wrong with a multipart body beyond what the codec has names for."""

from wherry_codec import InvalidHeader


class InvalidPartHeader(InvalidHeader, ValueError):  # noqa: N818 - after the codec's name
    """A header line of a part is none: no colon, a name that is no token, a control character."""
