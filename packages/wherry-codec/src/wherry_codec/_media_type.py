"""Media types (RFC 9110 §8.3.1).

Decides what a Content-Type value says, and that a malformed one says nothing. Knows no types.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ._field_syntax import OWS, is_token, parse_parameters, quote_string


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type, RFC 9110 §8.3.1. Type, subtype and parameter names are in lower case."""

    type: str
    subtype: str
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def essence(self) -> str:
        """`type/subtype`, without parameters."""
        return f"{self.type}/{self.subtype}"

    def __str__(self) -> str:
        parameters = (
            f"; {name}={value if is_token(value) else quote_string(value)}"
            for name, value in self.parameters.items()
        )
        return self.essence + "".join(parameters)


UNKNOWN_MEDIA_TYPE = MediaType("application", "octet-stream")
"""What content is taken for whose media type is absent or malformed."""


def parse_media_type(value: str) -> MediaType:
    """The media type in a Content-Type value; `application/octet-stream` if it is malformed.

    An empty value counts as malformed; malformed parameters are left out.
    """
    essence, _, parameters = value.partition(";")
    main, _, sub = essence.strip(OWS).lower().partition("/")
    if not is_token(main) or not is_token(sub):
        return UNKNOWN_MEDIA_TYPE
    return MediaType(main, sub, MappingProxyType(parse_parameters(parameters)))
