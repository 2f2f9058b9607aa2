"""Cookie files of aiohttp: the JSON it writes since 3.14, and the pickles of before.

A pickle can run any code when read. Here it can build nothing but dicts, lists, sets, tuples and
two stand-ins that live for one reading: not even the real cookie classes, whose attributes a pickle
could replace for the whole process.
"""

import io
import pickle
from collections import defaultdict
from collections.abc import Iterator

from ._date import parse_cookie_date
from ._json_text import Place
from ._saved import CookieFileError, Fields, SavedCookie, mapping
from ._set_cookie import SetCookie, parse_max_age

_CONTAINERS: dict[tuple[str, str], type] = {
    ("collections", "defaultdict"): defaultdict,
    **{("builtins", kind.__name__): kind for kind in (dict, list, set, frozenset, tuple)},
}


def cookies_of_aiohttp_json(document: dict[object, object], top: Place) -> Iterator[SavedCookie]:
    """The cookies of a file that maps `domain|path` to cookie names to attributes.

    Raises CookieFileError where it has another shape.
    """
    for key, group in document.items():
        domain, bar, path = str(key).partition("|")
        place = top.at(str(key))
        if not bar:
            raise CookieFileError("expected a key of the form 'domain|path'", str(place))
        for name, members in mapping(group, place).items():
            yield _saved(str(name), Fields(members, place.at(str(name))), domain, path)


def cookies_of_pickle(data: bytes) -> list[SavedCookie]:
    """The cookies of a pickle by aiohttp before 3.14.

    It has no host-only flags, so each cookie goes to its domain and below, as with aiohttp. Raises
    pickle.UnpicklingError if it is damaged or has anything in it but cookies.
    """
    try:
        return list(_cookies_of_groups(_RestrictedUnpickler(io.BytesIO(data)).load()))
    except pickle.UnpicklingError:
        raise
    except Exception as exc:
        # Damaged pickles fail with almost any exception, as the documentation of `pickle` says.
        raise pickle.UnpicklingError(f"not a pickle of cookies: {exc}") from exc


class _RestrictedUnpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)

        class PickledMorsel(dict[object, object]):
            state: object = None

            def __setstate__(self, state: object) -> None:
                self.state = state

        class PickledCookies(dict[object, object]):
            pass

        self._allowed = {
            **_CONTAINERS,
            ("http.cookies", "Morsel"): PickledMorsel,
            ("http.cookies", "SimpleCookie"): PickledCookies,
            ("http.cookies", "BaseCookie"): PickledCookies,
        }

    def find_class(self, module: str, name: str) -> type:
        """Give the class of that name if it may be built; anything else is refused unseen."""
        try:
            return self._allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"a pickle of cookies has no {module[:100]}.{name[:100]}; refused to load it"
            ) from None


def _cookies_of_groups(groups: object) -> Iterator[SavedCookie]:
    top = Place()
    for key, group in mapping(groups, top).items():
        # Before 3.9 the key was the domain alone.
        domain, path = key if isinstance(key, tuple) else (key, "")
        if not isinstance(domain, str) or not isinstance(path, str):
            raise CookieFileError("expected strings for domain and path", "a key")
        for name, morsel in mapping(group, top.at(domain)).items():
            place = top.at(domain).at(str(name))
            state = mapping(getattr(morsel, "state", None), place)
            fields = Fields({**mapping(morsel, place), **state}, place)
            yield _saved(str(name), fields, domain, path)


def _saved(name: str, fields: Fields, domain: str, path: str) -> SavedCookie:
    expires_at, max_age = fields.moment("expires_timestamp"), None
    if expires_at is None:
        expires_at = parse_cookie_date(fields.text("expires"))
        max_age = parse_max_age(fields.text("max-age"))
    domain, host = fields.scope(domain)
    cookie = SetCookie(
        name,
        fields.text("coded_value"),
        domain=domain,
        path=fields.text("path") or path or "/",
        max_age=max_age,
        expires_at=expires_at,
        secure=fields.flag("secure"),
        http_only=fields.flag("httponly"),
        partitioned=fields.flag("partitioned"),
        same_site=fields.text("samesite"),
        version=fields.text("version"),
        comment=fields.text("comment"),
    )
    return SavedCookie(cookie, host)
