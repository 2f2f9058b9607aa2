"""What the command exits with, and the one line it says about it.

Decides which exit status and which words an error gets. It does not decide what is an error, and
prints nothing itself.
"""

import enum

import wherry

MAX_LINE = 400
"""Characters of an error line; longer ones are cut, so that a hostile server cannot flood."""


class ExitStatus(enum.IntEnum):
    """The exit statuses of `wherry`. They are part of its interface; the README has the table."""

    OK = 0
    """The exchange is complete, whatever the status code of the response."""
    DEMO_FAILED = 1
    """`wherry demo`: some answer was not the expected one."""
    USAGE = 2
    """Wrong options, or a request that cannot be sent as they ask."""
    INVALID_URL = 3
    """The URL cannot be used."""
    CONNECT = 4
    """No connection: name unknown, connection refused, proxy out of reach."""
    TLS = 5
    """The TLS handshake or the certificate failed."""
    TIMEOUT = 6
    """Something took too long."""
    PROTOCOL = 7
    """The server broke off, or what it sent is not HTTP."""
    BODY = 8
    """The response body is cut short or cannot be decoded."""
    LOCAL_FILE = 9
    """A local file, standard input or output failed, or writing there was refused."""
    REDIRECT = 10
    """Too many redirects, or one to a place that cannot be used."""
    WEBSOCKET = 11
    """`wherry ws`: the server closed with a code that is a complaint."""
    HTTP_ERROR = 22
    """`--fail`, and the status code of the response is 400 or above. The number is curl's."""
    INTERRUPTED = 130
    """Ctrl-C. The number is the shells'."""


class CommandError(Exception):
    """The command itself gives up; `status` is what it exits with, the text is the line to say."""

    status: ExitStatus

    def __init__(self, status: ExitStatus, text: str) -> None:
        super().__init__(status, text)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[1])


EXPECTED_ERRORS = (CommandError, wherry.ClientError, OSError)
"""What `exit_status` and `error_line` know. Anything else is a bug and deserves its traceback."""


def exit_status(error: BaseException) -> ExitStatus:
    """The exit status for one of `EXPECTED_ERRORS`.

    In an order, because the classes overlap: a time-out is an OSError, a TLS error a connector
    error, a redirect to a bad URL an invalid URL.
    """
    match error:
        case CommandError():
            return error.status
        case wherry.TooManyRedirects() | wherry.RedirectClientError():
            return ExitStatus.REDIRECT
        case wherry.InvalidURL() | wherry.NonHttpUrlClientError():
            return ExitStatus.INVALID_URL
        case wherry.ClientSSLError() | wherry.ServerFingerprintMismatch():
            return ExitStatus.TLS
        case TimeoutError():
            return ExitStatus.TIMEOUT
        case wherry.ClientConnectorError() | wherry.ClientHttpProxyError():
            return ExitStatus.CONNECT
        case wherry.ClientPayloadError():
            return ExitStatus.BODY
        case wherry.ClientConnectionError() if isinstance(error.__cause__, EOFError):
            return ExitStatus.LOCAL_FILE  # a file became shorter while it was sent
        case wherry.ClientError():
            return ExitStatus.PROTOCOL
        case _:
            return ExitStatus.LOCAL_FILE


def error_line(error: BaseException) -> str:
    """One printable line about one of `EXPECTED_ERRORS`, without the name of the command."""
    return one_line(_text(error))


def _text(error: BaseException) -> str:
    match error:
        case wherry.NonHttpUrlClientError():
            return f"cannot speak the scheme of {error}; give an http:// or https:// URL"
        case wherry.TooManyRedirects():
            return f"gave up after {len(error.history)} redirects; see where they lead with -v"
        case wherry.InvalidURL():
            return f"invalid URL: {error}"
        case wherry.ClientResponseError():
            return f"{error.message} (from {_server_of(error)})"
        case TimeoutError() | wherry.ClientError():
            return str(error) or type(error).__name__
        case OSError() if error.strerror and error.filename is not None:
            return f"{error.strerror}: {str(error.filename)!r}"
        case _:
            return str(error) or type(error).__name__


def _server_of(error: wherry.ClientResponseError) -> str:
    """`host:port` of the request behind `error`, for texts; never credentials."""
    url = getattr(error.request_info, "real_url", None)
    host = getattr(url, "host_port_subcomponent", None)
    return str(host) if host else "the server"


def one_line(text: str) -> str:
    """`text` as one line that is safe for a terminal: control characters come out as escapes."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}..."


def printable(text: str) -> str:
    """`text` with escapes in place of what is not printable: nothing that steers a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
