"""Host names, domain-match and the `Domain` attribute: RFC 6265 §5.1.2, §5.1.3, §5.2.3.

Decides which hosts a cookie domain covers. Names are compared in the form `yarl.URL.raw_host` gives
them (IDNA A-labels, lower case), so that a check and the connection made later speak of the same
host. Knows no public-suffix list: the built-in rule only names single labels, and a caller with a
list brings a function of its own.
"""

from functools import lru_cache

from yarl import URL

# RFC 1035 §2.3.4, and a trailing dot. A longer host can be reached under no name, and its thousands
# of labels are not worth a look.
_LONGEST_NAME = 254

# A client asks about the same hosts again and again.
_remembering = lru_cache(maxsize=512)


def canonical_host(name: str) -> str | None:
    """The name in lower case and IDNA A-labels (§5.1.2), or None if IDNA refuses it."""
    if name.isascii():
        return name.lower()
    try:
        return URL.build(scheme="http", host=name).raw_host
    except ValueError:
        return None


def cookie_domain(attribute_value: str) -> str | None:
    """The domain, in canonical form, that a `Domain` attribute asks for; None if for none.

    §5.2.3: one leading dot is removed. A value that is empty or ends in a dot asks for nothing,
    which makes the cookie host-only (S-185). A name that IDNA refuses comes back as it is: it
    matches no host, so the cookie will be refused.
    """
    name = attribute_value.removeprefix(".")
    # Made canonical before the last dot is looked at: IDNA knows other characters for it.
    domain = canonical_host(name) or name
    return None if not domain or domain.endswith(".") else domain


@_remembering
def is_ip_address(host: str) -> bool:
    """Whether the host is an IP address rather than a name, in any spelling a resolver may accept.

    An IPv6 address has a colon. For IPv4 this is the "ends in a number" test of the WHATWG URL
    standard: `127.0.0.1`, but also `127.1`, `2130706433` and `0x7f.1`, which the operating system
    may take as addresses although they look like names (SEC-48).
    """
    if ":" in host:
        return True
    label = host.removesuffix(".").rpartition(".")[2].lower()
    if label.startswith("0x"):
        return not label[2:].strip("0123456789abcdef")
    return bool(label) and not label.strip("0123456789")


def is_loopback(host: str) -> bool:
    """Whether the host is this machine: `localhost` or below it (RFC 6761 §6.3), 127/8, ::1."""
    name = host.removesuffix(".")
    if name == "localhost" or name.endswith(".localhost") or host == "::1":
        return True
    parts = name.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(_is_octet(part) for part in parts)


def domain_match(host: str, domain: str) -> bool:
    """Whether `host` is `domain` or a name below it (§5.1.3); both must be canonical.

    Addresses match only themselves.
    """
    return domain in domains_covering(host)


@_remembering
def domains_covering(host: str) -> tuple[str, ...]:
    """Every domain that `host` domain-matches, longest first: `a.b.c` gives `a.b.c`, `b.c`, `c`.

    An address gives itself, and so does what is too long for a name. The root, behind a trailing
    dot, is no domain.
    """
    if len(host) > _LONGEST_NAME or is_ip_address(host):
        return (host,)
    starts = [0, *(n + 1 for n, character in enumerate(host) if character == ".")]
    return tuple(host[start:] for start in starts if start < len(host) or not start)


def is_single_label(domain: str) -> bool:
    """The built-in public-suffix rule: `com`, a name without inner dot, is no one's (S-186)."""
    return "." not in domain


def _is_octet(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 255
