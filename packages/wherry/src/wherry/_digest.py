"""Digest access authentication as a calculation (RFC 7616; RFC 2069 for servers without qop).

Decides which challenge is answered, what the answer says, how often a nonce was used, and which
URLs a challenge is for. Synchronous throughout, so that no two requests take the same nonce count.
Knows no request and no response; client nonces come in as arguments.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote as percent_encode

from yarl import URL

from wherry_codec import quote
from wherry_codec.fields import parse_challenges, quote_string, split_list
from wherry_errors import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_SPACES = 64
"""Realms remembered per set of credentials. A server could name a new one in each answer."""

MAX_NONCES = 64
"""Nonces per realm whose count is remembered: those of requests under way, and of servers behind
one name that take turns."""

MAX_DOMAIN_URIS = 64
"""URIs of one `domain` that are looked at; each request is compared with all of them."""


class HashObject(Protocol):
    """What `hashlib` makes."""

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        """Take more data."""

    def hexdigest(self) -> str:
        """The hash of all data so far, hexadecimal."""
        ...


class _Hash(NamedTuple):
    name: str  # hashlib's
    strength: int


_HASHES = {
    "MD5": _Hash("md5", 0),
    "SHA": _Hash("sha1", 1),
    "SHA256": _Hash("sha256", 2),
    "SHA-256": _Hash("sha256", 2),
    "SHA512": _Hash("sha512", 3),
    "SHA-512": _Hash("sha512", 3),
    "SHA-512-256": _Hash("sha512_256", 4),
}

_QOPS = ("auth", "auth-int")


def is_available(hash_name: str) -> bool:
    """Whether this Python has the hash: OpenSSL may lack SHA-512/256, or refuse MD5 by policy."""
    try:
        hashlib.new(hash_name)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login and a password. Raises `ValueError` for what a digest cannot be made of (S-477)."""

    login: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        """Check both parts."""
        if self.login is None:
            raise ValueError("None is not allowed as login value")
        if self.password is None:
            raise ValueError("None is not allowed as password value")
        if ":" in self.login:
            raise ValueError('A ":" is not allowed in login (RFC 7616 section 3.4.2)')
        if not (_is_unicode(self.login) and _is_unicode(self.password)):
            # Without the encoder's own error, which holds the text.
            raise ValueError("login and password must be encodable as UTF-8: no lone surrogates")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


# --- challenges ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DigestChallenge:
    """A challenge that can be answered. Two that ask for the same answer are equal."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    """As the server spelled it."""
    qops: tuple[str, ...] = ()
    """Those of `auth` and `auth-int` that are offered; none means the form of RFC 2069."""
    opaque: str | None = None
    domain: str = field(default="", compare=False)
    is_stale: bool = field(default=False, compare=False)
    """Whether only the nonce of the request before was wrong."""
    is_utf8: bool = False
    """Whether the server wants credentials in Unicode's normal form C (RFC 7616 §4)."""
    hides_username: bool = False
    """Whether the server understands a hash in place of the username (RFC 7616 §3.4.4)."""

    @property
    def is_session(self) -> bool:
        """Whether one session key serves several requests (RFC 7616 §3.4.2)."""
        return self.algorithm.upper().endswith("-SESS")

    @property
    def strength(self) -> tuple[int, bool]:
        """The larger, the better."""
        return _HASHES[_hash_of(self.algorithm)].strength, bool(self.qops)

    def new_hash(self) -> HashObject:
        """An empty hash object of the algorithm."""
        return hashlib.new(_HASHES[_hash_of(self.algorithm)].name)

    def digest(self, *parts: str) -> str:
        """H of RFC 7616 §3.3: hexadecimal, of `parts` with colons between them."""
        made = self.new_hash()
        # Texts of the server as it sent them, byte for byte.
        made.update(":".join(parts).encode("utf-8", "surrogateescape"))
        return made.hexdigest()


def choose_challenge(
    values: str | Iterable[str], is_available: Callable[[str], bool] = is_available
) -> DigestChallenge | None:
    """The challenge to answer among all challenges of all lines of a field.

    The one with the strongest algorithm, so that the order of challenges, or one that somebody
    adds, cannot lower the protection: SHA-512-256, SHA-512, SHA-256, SHA, MD5; of equal ones the
    first (SEC-28; S-479 would take the first in any case). None if there is no Digest challenge
    with parameters. Raises `ClientError` if there are some and none can be answered (S-485).
    """
    offers = [
        challenge.parameters
        for challenge in parse_challenges(values)
        if challenge.scheme == "digest" and challenge.parameters
    ]
    problems = [_problem(parameters, is_available) for parameters in offers]
    usable = [
        _read(parameters)
        for parameters, problem in zip(offers, problems, strict=True)
        if not problem
    ]
    if usable:
        return max(usable, key=lambda challenge: challenge.strength)
    if problems:
        raise ClientError(f"the server's Digest challenge cannot be answered: {problems[0]}")
    return None


def _problem(parameters: Mapping[str, str], is_available: Callable[[str], bool]) -> str:
    """Why a challenge cannot be answered, or nothing."""
    for name in ("realm", "nonce"):
        if name not in parameters:
            return f"expected realm and nonce, got only {quote(', '.join(parameters))}"
    if not parameters["nonce"]:
        return "its nonce is empty, a new one for each challenge was expected"
    algorithm = parameters.get("algorithm", "MD5")
    known = _HASHES.get(_hash_of(algorithm))
    if known is None:
        return f"expected one of {', '.join(_HASHES)} as algorithm, got {quote(algorithm)}"
    if not is_available(known.name):
        return (
            f"the algorithm {algorithm} needs the hash {known.name}, which the OpenSSL of this "
            "Python does not offer; another build of Python may"
        )
    qop = parameters.get("qop", "")
    if qop and not _known_qops(qop):
        return f"expected auth or auth-int as qop, got {quote(qop)}"
    if not qop and algorithm.upper().endswith("-SESS"):
        return f"the algorithm {algorithm} needs a client nonce, which cannot be sent without qop"
    return ""


def _read(parameters: Mapping[str, str]) -> DigestChallenge:
    return DigestChallenge(
        realm=parameters["realm"],
        nonce=parameters["nonce"],
        algorithm=parameters.get("algorithm", "MD5"),
        qops=_known_qops(parameters.get("qop", "")),
        opaque=parameters.get("opaque"),
        domain=parameters.get("domain", ""),
        is_stale=parameters.get("stale", "").lower() == "true",
        is_utf8=parameters.get("charset", "").upper() == "UTF-8",
        hides_username=parameters.get("userhash", "").lower() == "true",
    )


def _hash_of(algorithm: str) -> str:
    return algorithm.upper().removesuffix("-SESS")


def _known_qops(text: str) -> tuple[str, ...]:
    offered = {qop.lower() for qop in split_list(text)}
    return tuple(qop for qop in _QOPS if qop in offered)


def next_nonce(values: str | Iterable[str]) -> str:
    """The nonce an Authentication-Info field wants used next (RFC 7616 §3.5), or nothing."""
    lines = (values,) if isinstance(values, str) else values
    # The field is what would follow the scheme in a challenge.
    found = [parse_challenges(f"Digest {line}")[:1] for line in lines]
    nonces = [challenge.parameters.get("nextnonce") for first in found for challenge in first]
    return next(filter(None, nonces), "")


# --- answers ------------------------------------------------------------------------------------


class NonceUse(NamedTuple):
    """One use of a nonce, for one request."""

    nc: int
    """The nonce count: how often the nonce is used with this one, from 1 on."""
    cnonce: str
    session_nonce: str
    """The nonce that went into the session key; for algorithms with one."""


def choose_qop(challenge: DigestChallenge, *, can_hash_content: bool) -> str:
    """The qop of the answer, nothing for the form of RFC 2069.

    `auth-int` if it is offered and the content can be hashed at no cost, or if nothing else is
    offered (S-481 as changed by C-16).
    """
    if "auth-int" in challenge.qops and (can_hash_content or "auth" not in challenge.qops):
        return "auth-int"
    return "auth" if challenge.qops else ""


def authorization(
    challenge: DigestChallenge,
    credentials: Credentials,
    use: NonceUse,
    *,
    method: str,
    uri: str,
    qop: str = "",
    content_hash: str = "",
) -> str:
    """The value of Authorization or Proxy-Authorization (RFC 7616 §3.4), in the order of S-483.

    `uri` is the request target; `content_hash` is the hexadecimal hash of the content, for
    `auth-int`. Quotes and backslashes of realm and username are hashed as the characters they
    stand for, and escaped where they are sent. Raises `ValueError` for a `uri` with control
    characters.
    """
    login, password = credentials.login, credentials.password
    if challenge.is_utf8:
        login, password = (unicodedata.normalize("NFC", text) for text in (login, password))
    secret = challenge.digest(login, challenge.realm, password)
    if challenge.is_session:
        secret = challenge.digest(secret, use.session_nonce, use.cnonce)
    nc = f"{use.nc:08x}"
    what = (method, uri, content_hash) if qop == "auth-int" else (method, uri)
    once = (nc, use.cnonce, qop) if qop else ()
    fields = [
        _username(challenge, login),
        f"realm={quote_string(challenge.realm)}",
        f"nonce={quote_string(challenge.nonce)}",
        f"uri={quote_string(uri)}",
        f'response="{challenge.digest(secret, challenge.nonce, *once, challenge.digest(*what))}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.opaque is not None:
        fields.append(f"opaque={quote_string(challenge.opaque)}")
    if qop:
        fields += [f"qop={qop}", f"nc={nc}", f'cnonce="{use.cnonce}"']
    if challenge.hides_username:
        fields.append("userhash=true")
    return "Digest " + ", ".join(fields)


def _username(challenge: DigestChallenge, login: str) -> str:
    if challenge.hides_username:
        return f'username="{challenge.digest(login, challenge.realm)}"'
    if login.isascii() and login.isprintable():
        return f"username={quote_string(login)}"
    # RFC 7616 §3.4: what a quoted string cannot hold, in the form of RFC 8187.
    return f"username*=UTF-8''{percent_encode(login, safe='')}"


# --- protection spaces --------------------------------------------------------------------------


class Origin(NamedTuple):
    """Whom credentials are for. WebSocket schemes are those of the HTTP they start with."""

    scheme: str
    host: str
    port: int | None


def origin_of(url: URL) -> Origin:
    """The origin of an absolute URL."""
    scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
    return Origin(scheme, (url.raw_host or "").lower(), url.port)


class _Prefix(NamedTuple):
    origin: Origin
    path: str

    def covers(self, url: URL) -> bool:
        """Whether `url` is this one or lies below it (S-486)."""
        if self.origin != origin_of(url):
            return False
        below = self.path if self.path.endswith("/") else f"{self.path}/"
        return url.raw_path == self.path or url.raw_path.startswith(below)


class _NonceState:
    __slots__ = ("cnonce", "count", "session_nonce")

    def __init__(self, session_nonce: str, cnonce: str) -> None:
        self.count = 0
        self.session_nonce = session_nonce
        self.cnonce = cnonce


class ProtectionSpace:
    """One realm of one server: its latest challenge, where that holds, and the nonces' counts."""

    def __init__(
        self, origin: Origin, challenge: DigestChallenge, prefixes: tuple[_Prefix, ...]
    ) -> None:
        self.origin = origin
        self.challenge = challenge
        self.prefixes = prefixes
        self._nonces: dict[str, _NonceState] = {}

    def reach(self, url: URL) -> int:
        """How closely the space fits `url`: the length of the longest path above it; -1 if none."""
        return max((len(each.path) for each in self.prefixes if each.covers(url)), default=-1)

    def take(self, challenge: DigestChallenge, cnonce: str) -> NonceUse:
        """The next use of the challenge's nonce. Nobody else gets the same count (S-484).

        `cnonce` is a new client nonce. With a session key the first one stays in use: RFC 7616
        §3.4.2 makes the key of it once, and servers without sessions take it from each request.
        """
        state = self._state_of(challenge.nonce, challenge.nonce, cnonce)
        state.count += 1
        if challenge.is_session:
            return NonceUse(state.count, state.cnonce, state.session_nonce)
        return NonceUse(state.count, cnonce, "")

    def follow(self, used: DigestChallenge, nonce: str) -> None:
        """Go on with `nonce`, which came with the answer to a request that had used `used`.

        Not if another answer has brought a new one in the meantime. The session key stays.
        """
        if self.challenge != used or nonce == used.nonce:
            return
        before = self._nonces.get(used.nonce)
        if before is not None:
            self._state_of(nonce, before.session_nonce, before.cnonce)
        self.challenge = replace(used, nonce=nonce)

    def _state_of(self, nonce: str, session_nonce: str, cnonce: str) -> _NonceState:
        state = self._nonces.pop(nonce, None) or _NonceState(session_nonce, cnonce)
        self._nonces[nonce] = state  # last: the one least recently used goes first
        if len(self._nonces) > MAX_NONCES:
            del self._nonces[next(iter(self._nonces))]
        return state


class ProtectionSpaces:
    """What is known of the servers one login is for. The login belongs to one origin, its home."""

    def __init__(self) -> None:
        self._home: Origin | None = None
        self._spaces: dict[tuple[Origin, str], ProtectionSpace] = {}

    def settle(self, url: URL) -> None:
        """Make the origin of `url` the home of the credentials, unless they have one."""
        if self._home is None:
            self._home = origin_of(url)

    def admits(self, url: URL) -> bool:
        """Whether `url` may see an answer: it is at home, or home named it in `domain` (S-487)."""
        return origin_of(url) == self._home or any(
            space.origin == self._home and space.reach(url) >= 0 for space in self._spaces.values()
        )

    def covering(self, url: URL) -> ProtectionSpace | None:
        """The space `url` is in: one of its own origin if possible, and the closest."""
        origin = origin_of(url)
        found = [space for space in self._spaces.values() if space.reach(url) >= 0]
        return max(
            reversed(found),  # of equals the latest
            key=lambda space: (space.origin == origin, space.reach(url)),
            default=None,
        )

    def learn(self, challenge: DigestChallenge, url: URL) -> ProtectionSpace:
        """The space of a challenge that came from `url`; nonce counts go on if it is known."""
        origin = origin_of(url)
        prefixes = self._prefixes(challenge.domain, url, origin)
        space = self._spaces.pop((origin, challenge.realm), None)
        if space is None:
            space = ProtectionSpace(origin, challenge, prefixes)
        space.challenge, space.prefixes = challenge, prefixes
        self._spaces[origin, challenge.realm] = space
        if len(self._spaces) > MAX_SPACES:
            del self._spaces[next(iter(self._spaces))]
        return space

    def forget(self, space: ProtectionSpace, challenge: DigestChallenge) -> None:
        """Send nothing more unasked after `challenge`, whose answer was refused.

        Unless another answer has brought a new one in the meantime. The nonces' counts stay.
        """
        if space.challenge == challenge:
            space.prefixes = ()

    def _prefixes(self, domain: str, url: URL, origin: Origin) -> tuple[_Prefix, ...]:
        """The URIs of `domain`, else the whole origin.

        Other origins only count where home names them, and never without TLS if home has it: an
        answer without it can be tried against dictionaries by anyone on the way (SEC-22).
        """
        named = [_prefix(url, text) for text in domain.split()[:MAX_DOMAIN_URIS]]
        allowed = tuple(
            prefix
            for prefix in named
            if prefix is not None
            and (prefix.origin == origin or origin == self._home)
            and (prefix.origin.scheme == "https" or origin.scheme == "http")
        )
        return allowed or (_Prefix(origin, "/"),)


def _prefix(base: URL, text: str) -> _Prefix | None:
    try:
        url = base.join(URL(text))
        origin = origin_of(url)
    except ValueError:
        return None
    is_web = origin.scheme in ("http", "https") and bool(origin.host)
    return _Prefix(origin, url.raw_path) if is_web else None
