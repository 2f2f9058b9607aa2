"""The productions of RFC 9110 and RFC 9112 as byte patterns, one constant each.

Repeats are possessive, so that no input makes them backtrack.
"""

TCHAR = rb"!#$%&'*+\-.^_`|~0-9A-Za-z"
"""tchar, RFC 9110 §5.6.2, for use inside a character class."""

TOKEN = rb"[" + TCHAR + rb"]++"
"""token = 1*tchar"""

OWS = rb"[ \t]*+"
"""optional white space, RFC 9110 §5.6.3"""

FIELD_TEXT = rb"[\t\x20-\x7e\x80-\xff]*+"
"""field-vchar, obs-text, SP and HTAB, RFC 9110 §5.5: all but control characters. Said by what it
holds, since that matches a quarter faster than naming what it lacks."""

FIELD_LINE = TOKEN + rb":" + FIELD_TEXT
"""field-line = field-name ":" OWS field-value OWS, RFC 9112 §5 (blanks are stripped afterwards)"""

STATUS_LINE = rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: (" + FIELD_TEXT + rb"))?"
"""status-line, RFC 9112 §4, version 1.0 or 1.1; a missing SP before an empty reason is common"""

_REG_NAME = rb"(?:[!$&'()*+,;=\-._~0-9A-Za-z]|%[0-9A-Fa-f]{2})*+"
_IP_LITERAL = rb"\[(?:[0-9A-Fa-f:.]++|[vV][0-9A-Fa-f]++\.[!$&'()*+,;=:\-._~0-9A-Za-z]++)\]"

URI_HOST = rb"(?:" + _IP_LITERAL + rb"|" + _REG_NAME + rb")"
"""uri-host = IP-literal / IPv4address / reg-name, RFC 3986 §3.2.2; may be empty. Without a zone,
which means nothing to a peer."""

CRLF = rb"\r\n"
