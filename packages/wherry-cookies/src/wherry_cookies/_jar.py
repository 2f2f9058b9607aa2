"""CookieJar: the façade over parsing, acceptance and storage, with the names aiohttp's users know.

Turns URLs into hosts and paths, keeps the clock, remembers finished Cookie fields, and logs
refusals. The rules are in the modules it calls. Nothing here needs an event loop.
"""

import logging
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.cookies import BaseCookie, Morsel, SimpleCookie
from types import MappingProxyType
from typing import ClassVar

from yarl import URL

from ._abc import AbstractCookieJar, ClearCookiePredicate, LooseCookies
from ._accept import Policy, Refusal, Setter, accept, accept_saved, trusted_origins
from ._cookie import SHARED, Cookie
from ._cookie_header import encode_cookies, join_cookies, pairs_of
from ._date import DATE_TOKENS, LAST_MOMENT
from ._domain import canonical_host, domain_match
from ._limits import DEFAULT_LIMITS, CookieLimits
from ._lwp_files import cookies_of_lwp
from ._morsel import ReceivedMorsel, copies, read_morsel, sent_morsel, stored_morsel
from ._netscape_files import cookies_of_netscape
from ._persist import read_file, write_file, write_netscape_file
from ._public_suffix import is_known, is_listed, site_of
from ._remembered import Answer, Remembered
from ._saved import SavedCookie
from ._selection import cookies_for, most_specific
from ._set_cookie import Fault, SetCookie, read_set_cookie
from ._store import CookieStore
from ._value import check_caller_cookie, coded_value

_NO_URL = URL()
_log = logging.getLogger("wherry.client")


class CookieJar(AbstractCookieJar):
    """An RFC 6265 cookie jar. Not safe for use from several threads at once.

    - `unsafe`: whether IP addresses may set and get cookies.
    - `quote_cookie`: whether values *the caller* sets are quoted by the rules of `http.cookies`.
      What a server set goes back byte for byte in any case.
    - `treat_as_secure_origin`: URLs, one or several, whose origins get Secure cookies over plain
      HTTP.
    - `loop`: ignored.
    - `limits`: how much servers may store.
    - `is_public_suffix`: says whether a domain, in IDNA form, is one under which strangers
      register, such as `co.uk`. By default the list of the package `publicsuffixlist`, if that is
      installed (extra `psl`); else only single labels are, see `knows_public_suffixes`.
    - `now`: the clock, seconds since 1970.
    """

    #: The latest expiry time, in seconds since 1970.
    MAX_TIME: ClassVar[int] = LAST_MOMENT
    #: The tokens of a cookie-date.
    DATE_TOKENS_RE: ClassVar[re.Pattern[str]] = DATE_TOKENS

    def __init__(
        self,
        *,
        unsafe: bool = False,
        quote_cookie: bool = True,
        treat_as_secure_origin: str | URL | Sequence[str | URL] | None = None,
        loop: object = None,
        limits: CookieLimits = DEFAULT_LIMITS,
        is_public_suffix: Callable[[str], bool] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(loop=loop)
        self._quote_cookie = quote_cookie
        self._policy = Policy(
            limits,
            unsafe,
            trusted_origins(treat_as_secure_origin),
            is_listed if is_public_suffix is None else is_public_suffix,
        )
        self._now = now
        self._remembered = Remembered()
        self._store = self._new_store()
        self._next_expiry = self._store.next_expiry

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        # Whoever overrides the documented method expects it to be asked. Our own shortcuts past it
        # step aside, unless the subclass brings its own.
        if cls.filter_cookies is not CookieJar.filter_cookies:
            _reroute(cls, "cookie_header", _header_of_filtered)
        if cls.update_cookies is not CookieJar.update_cookies:
            _reroute(
                cls, "update_cookies_from_headers", AbstractCookieJar.update_cookies_from_headers
            )

    def __len__(self) -> int:
        return self._store.count

    def __bool__(self) -> bool:
        return self._store.count > 0

    def __iter__(self) -> Iterator[Morsel[str]]:
        self._expire()
        return iter([stored_morsel(cookie) for cookie in self._store])

    def __repr__(self) -> str:
        return f"<CookieJar cookies={self._store.count} unsafe={self.unsafe}>"

    @property
    def unsafe(self) -> bool:
        """Whether IP addresses may set and get cookies."""
        return self._policy.unsafe

    @property
    def quote_cookie(self) -> bool:
        """Whether values the caller sets are quoted when they have unusual characters."""
        return self._quote_cookie

    @property
    def knows_public_suffixes(self) -> bool:
        """Whether more than single labels such as `com` is known to belong to no one site.

        True with an `is_public_suffix` of your own or an installed `publicsuffixlist`, whose list
        is read now if it was not before. If false, any site under `co.uk` can set cookies for all
        of them, and `CookieLimits.per_domain` counts each subdomain by itself.
        """
        return is_known(self._policy.public_suffix_check)

    @property
    def cookies(self) -> Mapping[tuple[str, str], SimpleCookie]:
        """A copy of what is stored, by domain and path; the domain is "" for shared cookies."""
        self._expire()
        found: dict[tuple[str, str], SimpleCookie] = {}
        for cookie in self._store:
            group = found.setdefault((cookie.domain, cookie.path), SimpleCookie())
            group[cookie.name] = stored_morsel(cookie)
        return MappingProxyType(found)

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str]]:
        """Domain and name of the cookies that go to exactly one host."""
        self._expire()
        return frozenset((c.domain, c.name) for c in self._store if c.host_only)

    def cookie_header(self, url: URL) -> str:
        """The Cookie field value for a request to `url`: `a=1; b=2`, or "" if no cookie matches.

        All matching cookies, longest path first, then oldest first (RFC 6265 §5.4), each value byte
        for byte as the server sent it. Remembered until the jar changes.
        """
        if not self._store.count:
            return ""
        answer = self._answer(url)
        if answer.field_value is None:
            answer.field_value = self._joined(url, answer.cookies)
            self._remembered.text += len(answer.field_value)
        return answer.field_value

    def filter_cookies(self, request_url: URL | str = _NO_URL) -> BaseCookie[str]:
        """The cookies that match `request_url`, one per name; without URL the shared ones.

        Of several with one name the more specific counts: shared ones lose against those of a host,
        shorter domains against longer, then shorter paths against longer (S-196). `cookie_header`
        gives them all. Morsels have no attributes, as in a Cookie field. A `str` is accepted with a
        DeprecationWarning.
        """
        if isinstance(request_url, str):
            warnings.warn(
                "filter_cookies() takes a yarl.URL; str is deprecated", DeprecationWarning, 2
            )
            request_url = URL(request_url)
        if not self._store.count:
            return BaseCookie()
        answer = self._answer(request_url)
        if answer.shown is None:
            answer.shown = {c.name: sent_morsel(c) for c in most_specific(answer.cookies)}
        return copies(answer.shown)

    def update_cookies(self, cookies: LooseCookies, response_url: URL = _NO_URL) -> None:
        """Store cookies on the caller's authority.

        They come as a mapping or as pairs, of names to strings or Morsels. With a URL they are
        stored as if its host had set them, except that Secure cookies, long values and name
        prefixes are taken on trust. Without, they are shared: sent to every host, or to the domain
        a Morsel names. A Morsel out of a response read by this package is treated as in
        `update_cookies_from_headers`. Raises InvalidCookieError, and stores nothing, if a name or
        value cannot be sent. A cookie that may not be set for the URL is dropped with a log record.
        """
        caller = Setter.of(response_url, self._policy, is_server=False)
        server = Setter.of(response_url, self._policy, is_server=bool(response_url.raw_host))
        wanted = [
            (self._read(name, value), server if isinstance(value, ReceivedMorsel) else caller)
            for name, value in pairs_of(cookies)
        ]
        for received, setter in wanted:
            self._take(received, setter)

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Store what the Set-Cookie fields of a response from `response_url` say (RFC 6265 §5.3).

        Never raises because of a field's content: what may not be stored is dropped with a log
        record.
        """
        setter = Setter.of(response_url, self._policy, is_server=True)
        for field_value in headers:
            received = read_set_cookie(field_value)
            if isinstance(received, SetCookie):
                self._take(received, setter)
            else:
                level = logging.WARNING if received is Fault.ILLEGAL_NAME else logging.DEBUG
                _log.log(level, "Set-Cookie field from %r skipped: %s", setter.host, received.value)

    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        """Remove all cookies, or the expired ones and those for which `predicate` is true."""
        if predicate is None:
            self._store.clear()
        else:
            self._expire()
            for cookie in list(self._store):
                if predicate(stored_morsel(cookie)):
                    self._store.remove(cookie)
        self._changed()

    def clear_domain(self, domain: str) -> None:
        """Remove the cookies of the domain and of its subdomains. "" means the shared ones."""
        name = domain.removeprefix(".")
        name = canonical_host(name) or name
        for cookie in list(self._store):
            if domain_match(cookie.domain, name):
                self._store.remove(cookie)
        self._changed()

    def save(self, file_path: str | os.PathLike[str]) -> None:
        """Write the cookies to a JSON file, replaced as a whole and readable by its owner only.

        Session cookies are saved too. A failure leaves an older file as it was. Raises OSError.
        """
        self._expire()
        write_file(file_path, sorted(self._store, key=_age))

    def load(self, file_path: str | os.PathLike[str]) -> None:
        """Replace the jar's content by that of a file from `save`, or of one that aiohttp wrote.

        Files for `load_netscape` and `load_lwp` are known by the `#` they start with. Expired
        cookies and those the jar would not take from the caller are dropped. After an error the jar
        is as it was. Raises OSError; CookieFileError, a ValueError that says where the file is
        damaged; pickle.UnpicklingError for an old pickle with anything but cookies in it, none of
        which is executed.
        """
        self._replace_by(read_file(file_path))

    def save_netscape(self, file_path: str | os.PathLike[str]) -> None:
        """Write the cookies to a cookies.txt, which curl, wget and `http.cookiejar` read.

        Careful as `save`, session cookies included, but the format has less room: shared cookies,
        which have no domain, are left out with a log record; SameSite, Partitioned and fractions of
        a second are lost. Raises OSError; InvalidCookieError, and writes nothing, if a path or
        value the caller set would break its line.
        """
        self._expire()
        bound = [cookie for cookie in self._store if cookie.domain != SHARED]
        if left_out := self._store.count - len(bound):
            _log.warning("%d cookies for every host not saved: cookies.txt has no such", left_out)
        write_netscape_file(file_path, sorted(bound, key=_age))

    def load_netscape(self, file_path: str | os.PathLike[str]) -> None:
        """As `load`, from a cookies.txt, with `#HttpOnly_` and whatever its first line.

        CookieFileError names the line.
        """
        self._replace_by(read_file(file_path, cookies_of_netscape))

    def load_lwp(self, file_path: str | os.PathLike[str]) -> None:
        """As `load`, from a file by `http.cookiejar.LWPCookieJar` or by Perl's LWP.

        CookieFileError names the line.
        """
        self._replace_by(read_file(file_path, cookies_of_lwp))

    def _replace_by(self, cookies: Sequence[SavedCookie]) -> None:
        now = self._now()
        self._remembered.forget()
        store = self._new_store()
        for saved in cookies:
            cookie = accept_saved(saved, self._policy, now)
            if isinstance(cookie, Refusal):
                _log.debug("saved cookie %.100r dropped: %s", saved.cookie.name, cookie.reason)
            elif not cookie.is_expired(now):
                store.put(cookie)
        self._store = store
        self._changed()

    def _new_store(self) -> CookieStore:
        check = self._policy.public_suffix_check
        return CookieStore(
            self._policy.limits,
            lambda domain: site_of(domain, check),
            self._remembered.ticks,
            self._remembered.settle,
        )

    def _read(self, name: str, value: str | Morsel[str]) -> SetCookie:
        if not isinstance(value, Morsel):
            return SetCookie(name, coded_value(name, value, self._quote_cookie))
        cookie = read_morsel(name, value, quote_cookie=self._quote_cookie)
        check_caller_cookie(cookie.name, cookie.coded_value)
        return cookie

    def _take(self, received: SetCookie, setter: Setter) -> None:
        """§5.3 as a whole for one cookie."""
        self._expire()  # so that eviction finds no expired cookies to spare
        now = self._now()
        cookie = accept(received, setter, self._policy, now)
        if isinstance(cookie, Cookie) and not setter.is_secure and self._store.hides_secure(cookie):
            cookie = Refusal("it would hide a Secure cookie, and it came over plain HTTP")
        if isinstance(cookie, Refusal):
            _log.debug("cookie %.100r of %r refused: %s", received.name, setter.host, cookie.reason)
        elif cookie.is_expired(now):
            self._drop(cookie)
        else:
            self._put(cookie)

    def _put(self, cookie: Cookie) -> None:
        stored = self._store.get(cookie.domain, cookie.path, cookie.name)
        if stored and stored.is_sent_like(cookie):
            # Servers repeat a session cookie in every response, with a later expiry at most.
            # No field changes then.
            self._store.renew(stored, cookie)
            self._next_expiry = self._store.next_expiry
        else:
            self._store.put(cookie)
            self._changed()

    def _drop(self, cookie: Cookie) -> None:
        stored = self._store.get(cookie.domain, cookie.path, cookie.name)
        if stored is not None:
            self._store.remove(stored)
            self._changed()

    def _expire(self) -> None:
        now = self._now()
        if self._next_expiry <= now and self._store.expire(now):
            self._changed()
        else:
            self._next_expiry = self._store.next_expiry

    def _changed(self) -> None:
        self._remembered.forget()
        self._next_expiry = self._store.next_expiry

    def _answer(self, url: URL) -> Answer:
        if self._next_expiry <= self._now():
            self._expire()
        return self._remembered.answer(url, self._matching)

    def _matching(self, url: URL) -> list[Cookie]:
        return cookies_for(url, self._store, self._policy)

    def _joined(self, url: URL, cookies: Sequence[Cookie]) -> str:
        limit = self._policy.limits.cookie_header
        field_value, left_out = join_cookies(cookies, limit)
        if left_out:
            _log.warning(
                "%d cookies for %r not sent: together more than %d octets, see CookieLimits",
                left_out,
                url.raw_host,
                limit,
            )
        return field_value


def _header_of_filtered(jar: CookieJar, url: URL) -> str:
    """The Cookie field value of a subclass that chooses its cookies itself."""
    return encode_cookies(jar.filter_cookies(url))


def _reroute(cls: type[CookieJar], name: str, substitute: object) -> None:
    """Replace an inherited method of ours; one that the subclass brings stays."""
    if getattr(cls, name) is getattr(CookieJar, name):
        setattr(cls, name, substitute)


def _age(cookie: Cookie) -> int:
    return cookie.created
