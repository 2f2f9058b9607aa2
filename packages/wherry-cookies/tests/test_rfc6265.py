"""The jar beside a slow, literal transcription of RFC 6265, step by step.

The transcription shares no code with the package. Where rfc6265bis or the specification of this
client is stricter, the line says so; nothing is looser.
"""

import calendar
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from yarl import URL

from wherry_cookies import CookieJar
from wherry_cookies.testing import ManualClock

WSP = " \t"
SUFFIXES = {"co.uk", "s3.cloud.com"}
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
END_OF_TIME = 253402300799
DIGITS = "0123456789"


def is_delimiter(character: str) -> bool:
    """§5.1.1: delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E."""
    code = ord(character)
    return (
        code == 0x09
        or 0x20 <= code <= 0x2F
        or 0x3B <= code <= 0x40
        or 0x5B <= code <= 0x60
        or 0x7B <= code <= 0x7E
    )


def leading_digits(text: str) -> str:
    count = 0
    while count < len(text) and text[count] in DIGITS:
        count += 1
    return text[:count]


def time_of(token: str) -> tuple[int, int, int] | None:
    """§5.1.1: hms-time = time-field ":" time-field ":" time-field, then a non-digit or nothing."""
    found = []
    for position in range(3):
        digits = leading_digits(token)
        if len(digits) not in {1, 2}:
            return None
        found.append(int(digits))
        token = token[len(digits) :]
        if position < 2:
            if not token.startswith(":"):
                return None
            token = token[1:]
    return found[0], found[1], found[2]


def date_of(text: str) -> float | None:
    """§5.1.1."""
    # Step 1.
    tokens = "".join(" " if is_delimiter(character) else character for character in text).split(" ")
    time = day = month = year = None
    for token in filter(None, tokens):
        digits = leading_digits(token)
        # Steps 2.1 to 2.4.
        if time is None and time_of(token) is not None:
            time = time_of(token)
        elif day is None and len(digits) in {1, 2}:
            day = int(digits)
        elif month is None and token[:3].lower() in MONTHS:
            month = MONTHS.index(token[:3].lower()) + 1
        elif year is None and len(digits) in {2, 3, 4}:
            year = int(digits)
    if time is None or day is None or month is None or year is None:
        return None  # step 5
    if 70 <= year <= 99:
        year += 1900  # step 3
    if 0 <= year <= 69:
        year += 2000  # step 4
    hour, minute, second = time
    if not 1 <= day <= 31 or year < 1601 or hour > 23 or minute > 59 or second > 59:
        return None  # step 5
    if day > calendar.monthrange(year, month)[1]:
        return None  # step 6
    return float(calendar.timegm((year, month, day, hour, minute, second)))


def is_address(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()


def domain_matches(string: str, domain: str) -> bool:
    """§5.1.3."""
    if string == domain:
        return True
    return (
        string.endswith(domain)
        and string[: len(string) - len(domain)].endswith(".")
        and not is_address(string)
    )


def default_path(uri_path: str) -> str:
    """§5.1.4."""
    if not uri_path or uri_path[0] != "/":  # step 2
        return "/"
    if uri_path.count("/") == 1:  # step 3
        return "/"
    return uri_path[: uri_path.rindex("/")]  # step 4


def path_matches(request_path: str, cookie_path: str) -> bool:
    """§5.1.4."""
    if request_path == cookie_path:
        return True
    if request_path.startswith(cookie_path) and cookie_path.endswith("/"):
        return True
    return request_path.startswith(cookie_path) and request_path[len(cookie_path)] == "/"


def is_suffix(domain: str) -> bool:
    return "." not in domain or domain in SUFFIXES


@dataclass
class Parsed:
    name: str
    value: str
    attributes: list[tuple[str, object]]


def parsed(set_cookie_string: str) -> Parsed | None:
    """§5.2."""
    if any((ord(c) < 0x20 and c != "\t") or ord(c) == 0x7F for c in set_cookie_string):
        return None  # rfc6265bis §5.6 step 1
    pair, semicolon, unparsed = set_cookie_string.partition(";")  # step 1
    unparsed = semicolon + unparsed
    if "=" not in pair:
        return None  # step 2
    name, _, value = pair.partition("=")  # step 3
    name, value = name.strip(WSP), value.strip(WSP)  # step 4
    if not name:
        return None  # step 5
    if any(not 0x21 <= ord(character) <= 0x7E or character in '",\\' for character in name):
        return None  # S-201
    if "\t" in value:
        return None  # S-205
    attributes: list[tuple[str, object]] = []
    while unparsed:  # steps 1 to 7 of unparsed-attributes
        unparsed = unparsed[1:]
        av, semicolon, unparsed = unparsed.partition(";")
        unparsed = semicolon + unparsed
        attribute_name, _, attribute_value = av.partition("=")
        attribute_name = attribute_name.strip(WSP).lower()
        attribute_value = attribute_value.strip(WSP)
        if len(attribute_value.encode()) > 1024 or "\t" in attribute_value:
            continue  # rfc6265bis §5.6 step 6; S-205
        attributes.extend(attribute(attribute_name, attribute_value))
    return Parsed(name, value, attributes)


def attribute(name: str, value: str) -> list[tuple[str, object]]:
    """§5.2.1 to §5.2.6."""
    if name == "expires":
        moment = date_of(value)
        return [] if moment is None else [("Expires", moment)]
    if name == "max-age":
        if not value or (value[0] not in DIGITS and value[0] != "-"):
            return []
        if value == "-" or any(character not in DIGITS for character in value[1:]):
            return []
        return [("Max-Age", int(value))]
    if name == "domain":
        return [("Domain", value.removeprefix(".").lower()), ("Domain as sent", value)]
    if name == "path":
        return [("Path", value if value.startswith("/") else None)]
    if name in {"secure", "httponly"}:
        return [(name, True)]
    return []


@dataclass
class Record:
    name: str
    value: str
    domain: str
    path: str
    host_only: bool
    secure: bool
    expiry: float | None
    creation: int = 0


@dataclass
class Transcription:
    """§5.3 and §5.4."""

    store: list[Record] = field(default_factory=list)
    ticks: int = 0

    def receive(self, text: str, url: URL, now: float) -> None:
        """§5.3."""
        cookie = parsed(text)
        if cookie is None:
            return
        if len((cookie.name + cookie.value).encode()) > 4096:
            return  # rfc6265bis §5.6 step 5
        last = dict(cookie.attributes)  # "the last attribute in the cookie-attribute-list"
        host = url.raw_host or ""
        expiry: float | None = None
        if isinstance(age := last.get("Max-Age"), int):  # step 3
            expiry = now + max(age, 0)
        elif isinstance(moment := last.get("Expires"), float):
            expiry = moment
        domain = str(last.get("Domain", ""))  # step 4
        if domain.endswith("."):
            domain = ""  # S-185
        if is_address(host):
            return  # S-183
        if domain and is_suffix(domain):  # step 5
            if domain != host:
                return
            domain = ""
        if domain:  # step 6
            if not domain_matches(host, domain):
                return
            labels = host.split(".")
            between = [".".join(labels[n:]) for n in range(len(labels))]
            if any(is_suffix(d) for d in between[: between.index(domain)]):
                return  # SEC-42
        host_only, domain = not domain, domain or host
        path = last.get("Path")  # step 7
        has_path = isinstance(path, str)
        path = path if isinstance(path, str) else default_path(url.raw_path)
        secure = "secure" in last  # step 8
        is_secure = url.scheme in {"https", "wss"} or host == "localhost"
        if secure and not is_secure:
            return  # rfc6265bis §5.7 step 11
        name = cookie.name.lower()
        if name.startswith(("__secure-", "__host-")) and not secure:
            return  # rfc6265bis §4.1.3
        if name.startswith("__host-") and not (host_only and has_path and path == "/"):
            return
        if name.startswith("__host-") and last.get("Domain as sent"):
            return  # "." as well: no domain, but there to name one; Chromium refuses it too
        if not is_secure and self.would_hide(cookie.name, domain, path):
            return  # rfc6265bis §5.7 step 16
        new = Record(cookie.name, cookie.value, domain, path, host_only, secure, expiry)
        self.insert(new)
        self.expire(now)

    def insert(self, new: Record) -> None:
        """§5.3 steps 11 and 12."""
        self.ticks += 1
        new.creation = self.ticks
        for old in self.store:
            if (old.name, old.domain, old.path) == (new.name, new.domain, new.path):
                new.creation = old.creation
                self.store.remove(old)
                break
        self.store.append(new)

    def would_hide(self, name: str, domain: str, path: str) -> bool:
        return any(
            old.secure
            and old.name == name
            and (domain_matches(old.domain, domain) or domain_matches(domain, old.domain))
            and path_matches(path, old.path)
            for old in self.store
        )

    def expire(self, now: float) -> None:
        """§5.3: the expiry time is that of a moment that has come."""
        self.store = [old for old in self.store if old.expiry is None or old.expiry > now]

    def cookie_string(self, url: URL, now: float) -> str:
        """§5.4."""
        self.expire(now)
        host = url.raw_host or ""
        found = [
            old
            for old in self.store
            if (host == old.domain if old.host_only else domain_matches(host, old.domain))
            and path_matches(url.raw_path, old.path)
            and (not old.secure or url.scheme in {"https", "wss"})
        ]  # step 1
        found.sort(key=lambda old: (-len(old.path), old.creation))  # step 2
        return "; ".join(f"{old.name}={old.value}" for old in found)  # step 4


# One family an example, so that cookies of one host get in the way of those of another.
FAMILIES = [
    ["example.com", "www.example.com", "a.www.example.com", "badexample.com"],
    ["example.co.uk", "www.example.co.uk", "co.uk", "uk"],
    ["me.s3.cloud.com", "s3.cloud.com", "cloud.com", "com"],
    ["localhost", "10.0.0.1", "1.10.0.0.1", "other.com"],
]
PATHS = ["/", "/p", "/p/", "/p/q", "/pq", "//", "/p%2Fq"]


DATES = [
    *("Sun, 09 Sep 2001 01:46:45 GMT", "Sunday, 09-Sep-01 01:46:44 GMT", "tomorrow", "0"),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "30 Feb 2030 00:00:00", "01:02:03 4 may 2055 x"),
    *("1 Jan 1600 1:1:1", "31 Dec 9999 23:59:59", "09 Sep 2001 01:46:5x", "09 Sep 2001 1:2:345"),
]
TOKENS = ["jan", "FEBxx", "09", "9x", "2001", "01", "70", "1:2:3", "01:46:44", "24:0:0", "0", "x"]
AGES = ["0", "-1", "3", "8", "x", "", "-", "1.5", "+1", "٣"]
NAMES = [*"aaaaaaaabb", "__Host-a", "__SECURE-b", " a ", "", "a b"]
VALUES = [*"123456", "", '"x y"', '"', "a=b", " é ", "x\ty", "\x00"]

Response = tuple[URL, list[str], int]
Story = tuple[list[Response], list[URL]]


def url_of(random: Random, family: list[str]) -> URL:
    scheme, path = random.choice(["http", "https", "ws", "wss"]), random.choice(PATHS)
    return URL.build(scheme=scheme, host=random.choice(family), path=path, encoded=True)


def field_of(random: Random, host: str, family: list[str]) -> str:
    """A set-cookie-string such as the host mostly may send."""
    above = [host.upper(), f".{host.partition('.')[2]}", host.partition(".")[2]]
    parts = [f"{random.choice(NAMES)}={random.choice(VALUES)}"]
    while random.random() < 0.6:
        date = random.choice([*DATES, " ".join(random.choices(TOKENS, k=4))])
        parts.append(
            random.choice(
                [
                    f"Domain={random.choice([*above, *above, *family, 'COM', '', '.', 'a.com.'])}",
                    f" Path = {random.choice([*PATHS, '/', '/', '', 'p', '/P'])}",
                    *("Secure", random.choice(["secure=no", "HttpOnly", "x", "=", "", "a=b"])),
                    random.choice([f"Max-Age={random.choice(AGES)}", f"expires={date}"]),
                ]
            )
        )
    return ";".join(parts)


def story_of(seed: int) -> Story:
    """Responses, each with its fields and the seconds before it, and requests.

    Made from a seed and not from strategies, which would repeat few fields, most of them refused.
    """
    random = Random(seed)
    family = random.choice(FAMILIES)
    steps = []
    for _ in range(random.randint(1, 8)):
        url = url_of(random, family)
        received = [field_of(random, url.host or "", family) for _ in range(random.randint(1, 4))]
        steps.append((url, received, random.choice([0, 1])))
    return steps, [url_of(random, family) for _ in range(4)]


stories = st.integers(0, 2**64).map(story_of)


def jar_and_oracle(steps: list[Response], clock: ManualClock) -> tuple[CookieJar, Transcription]:
    jar, oracle = CookieJar(now=clock, is_public_suffix=SUFFIXES.__contains__), Transcription()
    for url, received, seconds in steps:
        clock.time += seconds
        jar.update_cookies_from_headers(received, url)
        oracle.expire(clock.time)
        for text in received:
            oracle.receive(text, url, clock.time)
    return jar, oracle


@settings(max_examples=400)
@given(stories)
@example(story_of(10186))  # a __Host- cookie with "Domain=."
def test_the_jar_sends_what_the_rfc_says(story: Story) -> None:
    """RFC 6265 §5.1 to §5.4: to every origin exactly the cookies it may have, in order."""
    (steps, requests), clock = story, ManualClock()
    jar, oracle = jar_and_oracle(steps, clock)

    event(f"cookies: {min(len(oracle.store), 3)}")
    for _ in range(2):
        for url in [*requests, *(url for url, _, _ in steps)]:
            for scheme in ("http", "https"):
                request = url.with_scheme(scheme)
                expected = oracle.cookie_string(request, clock.time)
                assert jar.cookie_header(request) == expected
        clock.time += 4


printable = st.characters(exclude_characters="".join(map(chr, [*range(32), 127])) + ";")


@given(st.text(printable, max_size=30), st.sampled_from(["a", "[a]", "{}:@/", "path", "$Version"]))
def test_a_value_comes_back_byte_for_byte(value: str, name: str) -> None:
    """§5.4 step 4: quotes, escapes, equals signs, surrogates of undecoded octets."""
    jar = CookieJar()
    url = URL("https://www.example.com/")

    jar.update_cookies_from_headers([f"{name}={value}; Path=/"], url)

    assert jar.cookie_header(url) == f"{name}={value.strip(WSP)}"


@settings(max_examples=100)
@given(stories)
def test_saving_and_loading_changes_nothing(story: Story) -> None:
    """S-208, SEC-42, SEC-46: JSON and cookies.txt, now and when cookies have expired."""
    (steps, requests), clock = story, ManualClock()
    jar, _ = jar_and_oracle(steps, clock)
    loaded = [CookieJar(now=clock, is_public_suffix=SUFFIXES.__contains__) for _ in range(4)]
    with tempfile.TemporaryDirectory() as folder:
        json, text = Path(folder, "jar.json"), Path(folder, "cookies.txt")
        jar.save(json)
        jar.save_netscape(text)
        loaded[0].load(json)
        loaded[1].load(text)
        loaded[2].load_netscape(text)
        loaded[1].save(json)
        loaded[3].load(json)

    for _ in range(2):
        for url in [*requests, *(url for url, _, _ in steps)]:
            assert {other.cookie_header(url) for other in loaded} == {jar.cookie_header(url)}
        for other in loaded:
            assert other.host_only_cookies == jar.host_only_cookies
            assert len(other) == len(jar)
        clock.time += 4
