"""Default path and path-match of RFC 6265 §5.1.4.

Works on the path of a request target as it is sent, percent escapes and all; decodes and normalises
nothing, because the server compares the same octets.
"""

from collections.abc import Collection, Iterator


def default_path(uri_path: str) -> str:
    """The cookie path used when the server named none: the directory of the response's path.

    `/a/b` gives `/a`; `/a`, the empty path and a path without leading slash give `/`.
    """
    if not uri_path.startswith("/"):
        return "/"
    return uri_path[: uri_path.rindex("/")] or "/"


def path_match(request_path: str, cookie_path: str) -> bool:
    """Whether a cookie of `cookie_path` goes with a request for `request_path`.

    True if they are equal, or if the request path continues the cookie path at a slash: `/foo`
    matches `/foo/bar` but not `/foobar`; `/foo/` does not match `/foo`.
    """
    if not request_path.startswith(cookie_path):
        return False
    return (
        len(request_path) == len(cookie_path)
        or cookie_path.endswith("/")
        or request_path[len(cookie_path)] == "/"
    )


def matching_cookie_paths(request_path: str) -> Iterator[str]:
    """Every cookie path that `request_path` matches, longest first, each once.

    `/a/b` gives `/a/b`, `/a/`, `/a`, `/`. There are at most two per slash, and one.
    """
    yield request_path
    slash = request_path.rfind("/")
    while slash >= 0:
        if slash + 1 < len(request_path):
            yield request_path[: slash + 1]
        if slash > 0 and request_path[slash - 1] != "/":  # else it comes with the next slash
            yield request_path[:slash]
        slash = request_path.rfind("/", 0, slash)


def paths_matched(request_path: str, stored: Collection[str]) -> list[str]:
    """Those of the stored cookie paths that `request_path` matches, each once, in any order.

    `stored` is a set, or a dict by path. Costs what is less: trying each of them, or looking up
    each path that would match.
    """
    if len(stored) <= 2 * request_path.count("/"):
        return [each for each in stored if path_match(request_path, each)]
    return [each for each in matching_cookie_paths(request_path) if each in stored]
