"""The `http.cookies` views of cookies, which is how the public API of a jar shows and takes them.

Translates between `Morsel` and our own records; decides nothing. Views are copies: changing one
changes nothing in a jar.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from http.cookies import BaseCookie, Morsel, SimpleCookie
from typing import Any

from ._cookie import Cookie
from ._date import format_http_date, parse_cookie_date
from ._set_cookie import SetCookie, parse_max_age, parse_set_cookie
from ._value import plain_value

# Through the pickling interface, because `Morsel.set` refuses names that servers do use (S-201),
# such as `path` or `a[b]`.
_set_state: Callable[[Morsel[str], dict[str, str]], None] = Morsel.__setstate__  # type: ignore[attr-defined]  # typeshed leaves it out

# A Morsel sets its attributes key by key, which takes four times as long as copying them from one
# that has none set.
_new_morsel: Callable[[type[Morsel[str]]], Morsel[str]] = Morsel.__new__
_BLANK = Morsel[str]()


class PartitionedMorsel(Morsel[str]):
    """A Morsel that has room for `partitioned`, which `Morsel` itself has from Python 3.14 on."""

    def __setitem__(self, key: str, value: Any) -> None:
        if key.lower() == "partitioned":
            dict.__setitem__(self, "partitioned", value)
        else:
            super().__setitem__(key, value)

    def copy(self) -> Morsel[str]:
        """One of this class: an ordinary one with that key could be copied no further."""
        return copy.copy(self)


class ReceivedMorsel(PartitionedMorsel):
    """A Morsel that remembers the set-cookie-string it was read from.

    A jar that gets one through `update_cookies` applies the rules for servers instead of those for
    callers.
    """

    #: None for a copy or an unpickled one: these are ordinary morsels again.
    received: SetCookie | None = None


def received_morsel(received: SetCookie) -> ReceivedMorsel:
    """The view of a Set-Cookie field, with the attributes as the server wrote them."""
    morsel = ReceivedMorsel()
    _fill(morsel, received, received.expires)
    morsel.received = received
    return morsel


def stored_morsel(cookie: Cookie) -> Morsel[str]:
    """The view of a stored cookie; `expires` is there also if the server gave only an age."""
    morsel = PartitionedMorsel() if cookie.partitioned else Morsel[str]()
    _fill(morsel, cookie, "" if cookie.expires_at is None else format_http_date(cookie.expires_at))
    return morsel


def sent_morsel(cookie: Cookie) -> Morsel[str]:
    """The view of a cookie about to be sent: name and value only, as in a Cookie field."""
    morsel = _new_morsel(Morsel)
    dict.update(morsel, _BLANK)
    _name_and_value(morsel, cookie)
    return morsel


def copies(morsels: Mapping[str, Morsel[str]]) -> BaseCookie[str]:
    """New Morsels like these, which can be changed without changing these."""
    made: dict[str, Morsel[str]] = {}
    for name, morsel in morsels.items():
        made[name] = copied = _new_morsel(Morsel)
        dict.update(copied, morsel)
        copied.__dict__ = vars(morsel).copy()
    cookies: BaseCookie[str] = BaseCookie()
    dict.update(cookies, made)
    return cookies


def read_morsel(name: str, morsel: Morsel[str], *, quote_cookie: bool) -> SetCookie:
    """What a Morsel says, in the terms of a Set-Cookie field.

    `quote_cookie` chooses its coded value over its plain one.
    """
    if isinstance(morsel, ReceivedMorsel) and morsel.received is not None:
        return morsel.received
    expires = str(morsel["expires"])
    return SetCookie(
        name,
        wire_value(morsel, quote_cookie=quote_cookie),
        domain=str(morsel["domain"]),
        path=str(morsel["path"]),
        max_age=parse_max_age(str(morsel["max-age"])),
        expires=expires,
        expires_at=parse_cookie_date(expires),
        secure=bool(morsel["secure"]),
        http_only=bool(morsel["httponly"]),
        partitioned=bool(morsel.get("partitioned")),
        same_site=str(morsel["samesite"]),
        version=str(morsel["version"]),
        comment=str(morsel["comment"]),
    )


def wire_value(morsel: Morsel[str], *, quote_cookie: bool) -> str:
    """What goes on the wire for a caller's Morsel: its coded value, or its plain one (S-198).

    What a server sent stays as it is whatever the caller's taste in quoting.
    """
    keeps_coded = quote_cookie or isinstance(morsel, ReceivedMorsel)
    return str(morsel.coded_value if keeps_coded else morsel.value)


def cookies_from_headers(field_values: Sequence[str]) -> SimpleCookie:
    """The cookies of one response's Set-Cookie fields, as a response object shows them (S-207).

    Fields that set no cookie are left out; of equal names the last field wins.
    """
    cookies = SimpleCookie()
    for field_value in field_values:
        if (received := parse_set_cookie(field_value)) is not None:
            cookies[received.name] = received_morsel(received)
    return cookies


def _fill(morsel: Morsel[str], source: SetCookie | Cookie, expires: str) -> None:
    _name_and_value(morsel, source)
    morsel["domain"] = source.domain
    morsel["path"] = source.path
    morsel["expires"] = expires
    morsel["max-age"] = "" if source.max_age is None else str(source.max_age)
    morsel["samesite"] = source.same_site
    morsel["version"] = source.version
    morsel["comment"] = source.comment
    # A flag that is not set stays "", which is what `http.cookies` has for it.
    if source.secure:
        morsel["secure"] = True
    if source.http_only:
        morsel["httponly"] = True
    if source.partitioned:
        morsel["partitioned"] = True


def _name_and_value(morsel: Morsel[str], source: SetCookie | Cookie) -> None:
    name, coded_value = source.name, source.coded_value
    state = {"key": name, "value": plain_value(coded_value), "coded_value": coded_value}
    _set_state(morsel, state)
