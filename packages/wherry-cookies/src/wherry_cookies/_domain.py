"""Host names, domain-match and the `Domain` attribute: RFC 6265 §5.1.2, §5.1.3, §5.2.3.

Decides which hosts a cookie domain covers. Names are compared in the form `yarl.URL.raw_host` gives
them (IDNA A-labels, lower case), so that a check and the connection made later speak of the same
host. Knows no public-suffix list: the built-in rule only names single labels, and a caller with a
list brings a function of its own.
"""

from collections.abc import Iterator

from yarl import URL


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
    if host == domain:
        return True
    return bool(domain) and host.endswith("." + domain) and not is_ip_address(host)


def domains_covering(host: str) -> Iterator[str]:
    """Every domain that `host` domain-matches, longest first: `a.b.c` gives `a.b.c`, `b.c`, `c`.

    An address gives itself. The root, behind a trailing dot, is no domain.
    """
    yield host
    if is_ip_address(host):
        return
    dot = host.find(".") + 1
    while 0 < dot < len(host):
        yield host[dot:]
        dot = host.find(".", dot) + 1


def is_single_label(domain: str) -> bool:
    """The built-in public-suffix rule: `com`, a name without inner dot, is no one's (S-186)."""
    return "." not in domain


def _is_octet(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 255
