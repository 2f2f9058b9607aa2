"""Parameter values in a character set of their own (RFC 8187), such as `title*=UTF-8''na%C3%AFve`.

Decides what such a value says. Knows nothing about which parameters may have one.
"""

import re

# ext-value = charset "'" [ language ] "'" *( pct-encoded / attr-char ), RFC 8187 §3.2.1
_match_ext_value = re.compile(
    r"(UTF-8|ISO-8859-1)'[A-Za-z0-9-]*+'((?:%[0-9A-Fa-f]{2}|[!#$&+\-.^_`|~0-9A-Za-z])*+)",
    re.IGNORECASE | re.ASCII,
).fullmatch
_escapes = re.compile(rb"%([0-9A-Fa-f]{2})")


def decode_ext_value(text: str) -> str | None:
    """The text an ext-value stands for, its language left out; None if it is malformed.

    UTF-8 and, as older software sends it, ISO-8859-1.
    """
    match = _match_ext_value(text)
    if match is None:
        return None
    charset, coded = match.groups()
    data = _escapes.sub(lambda escape: bytes([int(escape[1], 16)]), coded.encode("ascii"))
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        return None
