"""The set-cookie-string of RFC 6265 §5.2, read the way browsers read it.

One field value in, one `SetCookie` or None out. Decides what the server wrote, not whether it may:
acceptance (§5.3) is elsewhere, and so is all knowledge of hosts and clocks. A semicolon always ends
the value, also between double quotes (§5.2 step 1), so that what we send back cannot be read as two
cookies.
"""

import re
from dataclasses import dataclass
from enum import Enum

from ._date import LAST_MOMENT, parse_cookie_date
from ._value import is_cookie_name, octets

# rfc6265bis §5.6 step 1: such a field is dropped whole. A tab may surround names and values, S-205
# refuses it inside them.
_CONTROL_BUT_TAB = re.compile(r"[\x00-\x08\x0A-\x1F\x7F]")
_MAX_AGE = re.compile(r"-?[0-9]+")
_WSP = " \t"

#: Octets of an attribute value; a longer attribute is ignored (rfc6265bis §5.6 step 6, also
#: Chrome and Firefox).
MAX_ATTRIBUTE_VALUE = 1024


@dataclass(slots=True)
class SetCookie:
    """What one Set-Cookie field says.

    Attributes that are absent or malformed have the empty value of their type.
    """

    name: str
    #: As received, double quotes and escapes included.
    coded_value: str
    #: As received; "" if absent.
    domain: str = ""
    path: str = ""
    #: Seconds; capped at the largest date; None if absent or not a decimal integer.
    max_age: int | None = None
    #: The text of `Expires` and the moment it names, seconds since 1970.
    expires: str = ""
    expires_at: float | None = None
    secure: bool = False
    http_only: bool = False
    partitioned: bool = False
    same_site: str = ""
    version: str = ""
    comment: str = ""

    def expiry_time(self, now: float) -> float | None:
        """When the cookie ends, in seconds since 1970; None for a session cookie.

        `Max-Age` wins over `Expires` (§5.3 step 3).
        """
        if self.max_age is None:
            return self.expires_at
        return min(now + max(self.max_age, 0), LAST_MOMENT)


class Fault(Enum):
    """Why a field sets no cookie."""

    CONTROL_CHARACTER = "it has a control character"
    NO_EQUALS_SIGN = "its first part has no equals sign"
    ILLEGAL_NAME = "its cookie-name is empty or has an illegal character"


def parse_set_cookie(field_value: str) -> SetCookie | None:
    """Read one Set-Cookie field value by RFC 6265 §5.2. None if it sets no cookie.

    That is: it has a control character, no `=` in the first part, or a name that is empty or has
    illegal characters (S-201, S-205, S-206). Never raises. Linear in the length of the field.
    """
    cookie = read_set_cookie(field_value)
    return cookie if isinstance(cookie, SetCookie) else None


def read_set_cookie(field_value: str) -> SetCookie | Fault:
    """As `parse_set_cookie`, with the reason where there is no cookie."""
    if _CONTROL_BUT_TAB.search(field_value):
        return Fault.CONTROL_CHARACTER
    pair, *attributes = field_value.split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(_WSP), value.strip(_WSP)
    if not equals:
        return Fault.NO_EQUALS_SIGN
    if not is_cookie_name(name):
        return Fault.ILLEGAL_NAME
    if "\t" in value:
        return Fault.CONTROL_CHARACTER
    cookie = SetCookie(name, value)
    for attribute in attributes:
        attribute_name, _, attribute_value = attribute.partition("=")
        attribute_value = attribute_value.strip(_WSP)
        # With a tab inside, newer versions of `http.cookies` could not show it.
        if octets(attribute_value) <= MAX_ATTRIBUTE_VALUE and "\t" not in attribute_value:
            _apply(cookie, attribute_name.strip(_WSP).lower(), attribute_value)
    return cookie


def parse_max_age(text: str) -> int | None:
    """The seconds of a Max-Age value (§5.2.2), None if it is no decimal integer.

    Capped at the largest date, and at zero from below.
    """
    if not _MAX_AGE.fullmatch(text):
        return None
    if text.startswith("-"):
        return 0  # §5.2.2: any negative age means at once
    # Compared by length first: int() of thousands of digits is slow, and refused by the interpreter
    # beyond 4300.
    digits = text.lstrip("0") or "0"
    return LAST_MOMENT if len(digits) > 12 else min(int(digits), LAST_MOMENT)


def _apply(cookie: SetCookie, name: str, value: str) -> None:
    """§5.2.1 to §5.2.6. Of equal attributes the last valid one stands (§5.3 steps 3 to 9)."""
    match name:
        case "secure":
            cookie.secure = True
        case "httponly":
            cookie.http_only = True
        case "partitioned":
            cookie.partitioned = True
        case "max-age":
            if (seconds := parse_max_age(value)) is not None:
                cookie.max_age = seconds
        case "expires":
            if (moment := parse_cookie_date(value)) is not None:
                cookie.expires, cookie.expires_at = value, moment
        case "samesite":
            cookie.same_site = value
        case "domain" | "path" | "version" | "comment":
            setattr(cookie, name, value)
