"""`_stages.redirect`: which redirects are followed, and what goes to whom."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict
from yarl import URL

from wherry import (
    BasicAuth,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    Handler,
    InvalidUrlRedirectClientError,
    NonHttpUrlRedirectClientError,
    TooManyRedirects,
)
from wherry._request import RequestSource
from wherry._stages.redirect import next_source, redirect_method, redirect_url
from wherry.testing import FakeConnector, RawPlan, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
BASE = URL("http://base.example/a/b?q=1")
SECRETS = [
    ("authorization", "one"), ("Authorization", "two"), ("COOKIE", "c=1"), ("Cookie", "d=1"),
    ("Proxy-Authorization", "p"), ("X-Own", "kept"), ("Referer", "https://base.example/secret"),
]  # fmt: skip


def redirect(location: str, status: int = 302) -> bytes:
    return response_bytes(status=status, headers={"Location": location})


def hops(*answers: bytes) -> Callable[[bytes, bytes], bytes]:
    """Answer with these in turn, the last one for ever."""
    left = list(answers)
    return lambda head, body: left.pop(0) if len(left) > 1 else left[0]


def target_of(connector: FakeConnector, index: int) -> str:
    request = connector.requests[index]
    scheme = "https" if request.key.is_ssl else "http"
    return f"{scheme}://{request.key.host}{request.head.split()[1].decode()}"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://other.example/x", "http://other.example/x"),
        ("https://base.example/x", "https://base.example/x"),
        ("//other.example/x", "http://other.example/x"),
        ("/x", "http://base.example/x"),
        ("x", "http://base.example/a/x"),
        ("../x", "http://base.example/x"),
        ("?x", "http://base.example/a/b?x"),
        ("#f", "http://base.example/a/b?q=1#f"),
        ("http:/x", "http://base.example/x"),
        ("/a b", "http://base.example/a%20b"),
        ("/é", "http://base.example/%C3%A9"),
        ("\\\\other.example/x", "http://base.example/a/%5C%5Cother.example/x"),
        ("/\\other.example", "http://base.example/%5Cother.example"),
        ("http://u:p@other.example/", "http://u:p@other.example/"),
        ("/" + "x" * 10_000, "http://base.example/" + "x" * 10_000),
    ],
)
def test_a_location_is_joined_to_the_url_it_came_from(location: str, expected: str) -> None:
    """S-440, S-441, SEC-24."""
    url = redirect_url(BASE, location, requote=True)

    assert url == URL(expected)
    assert url.host in ("base.example", "other.example")


@pytest.mark.parametrize(
    ("location", "requote"),
    [
        ("/a\r\nX: y", True), ("/a\0", True), ("/a\x7f", False), ("/a b", False),
        ("http://h:x/", True),
        ("http://[::1/", True), ("http://h:99999/", True), ("https:x", True), ("https:///x", True),
        ("http://a\\b.example/", True),
    ],
)  # fmt: skip
def test_a_location_that_is_no_url_is_refused(location: str, requote: bool) -> None:
    """S-441, S-442, S-544, SEC-24."""
    with pytest.raises(InvalidUrlRedirectClientError) as caught:
        redirect_url(BASE, location, requote=requote)

    assert caught.value.description


@pytest.mark.parametrize(
    "location", ["ftp://h/", "file:///etc/passwd", "javascript:x", "mailto:a@b", "ws://h/"]
)
def test_a_location_of_another_scheme_is_refused(location: str) -> None:
    """S-442, S-545, SEC-24."""
    with pytest.raises(NonHttpUrlRedirectClientError):
        redirect_url(BASE, location, requote=True)


def test_an_unparsable_location_shows_no_password() -> None:
    """S-14."""
    with pytest.raises(InvalidUrlRedirectClientError) as caught:
        redirect_url(BASE, "http://user:se/cret@h/", requote=True)
    assert "cret" not in f"{caught.value} {caught.value!r}"
    assert "'se" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    ("status", "method", "next_method"),
    [
        *((status, "POST", "GET") for status in (301, 302, 303)),
        *((status, "POST", "POST") for status in (307, 308)),
        *((status, "PUT", "PUT") for status in (301, 302, 307, 308)),
        (303, "PUT", "GET"), (303, "GET", "GET"), (303, "DELETE", "GET"),
        *((status, "HEAD", "HEAD") for status in (301, 302, 303, 307, 308)),
    ],
)  # fmt: skip
def test_the_next_method_is_as_fetch_does_it(status: int, method: str, next_method: str) -> None:
    """S-437, SEC-23."""
    assert redirect_method(method, status) == next_method


@pytest.mark.parametrize(
    ("source", "target", "keeps_secrets", "keeps_referer"),
    [
        ("http://base.example/", "http://base.example/x", True, True),
        ("http://base.example/", "http://base.example:80/x", True, True),
        ("http://base.example/", "http://base.example:81/x", False, True),
        ("http://base.example/", "http://other.example/x", False, True),
        ("http://base.example/", "http://sub.base.example/x", False, True),
        ("http://base.example/", "http://base.example./x", False, True),
        ("http://base.example/", "https://base.example/x", False, True),
        ("https://base.example/", "http://base.example/x", False, False),
        ("https://base.example/", "https://base.example:443/x", True, True),
    ],
)
def test_secrets_stay_with_their_origin(
    source: str, target: str, keeps_secrets: bool, keeps_referer: bool
) -> None:
    """S-445, S-447, SEC-21, SEC-22: all duplicates, in any case."""
    before = RequestSource(
        "GET", URL(source), CIMultiDict(SECRETS), auth=BasicAuth("u"), cookies={"e": "1"}
    )

    after = next_source(before, 302, URL(target))

    names = {name.lower() for name in after.headers}
    assert names == (
        {"x-own"}
        | ({"authorization", "cookie", "proxy-authorization"} if keeps_secrets else set())
        | ({"referer"} if keeps_referer else set())
    )
    assert (after.auth is not None, after.cookies is not None) == (keeps_secrets, keeps_secrets)


def test_credentials_in_the_location_are_used_and_removed() -> None:
    """S-440."""
    before = RequestSource("GET", BASE, CIMultiDict({"Authorization": "old"}))

    after = next_source(before, 302, URL("http://u:p@base.example/"))

    assert after.auth == BasicAuth("u", "p")
    assert after.url == URL("http://base.example/")
    assert "Authorization" not in after.headers


@pytest.mark.parametrize(("target", "keeps"), [("http://a/2", True), ("http://b/2", False)])
def test_the_callers_host_stays_with_its_origin(target: str, keeps: bool) -> None:
    """It names the origin that is left; the next request gets a Host of its own."""
    source = RequestSource("GET", URL("http://a/1"), CIMultiDict(Host="virtual", X="1"))

    after = next_source(source, 302, URL(target))

    assert ("Host" in after.headers) is keeps
    assert after.headers["X"] == "1"


async def test_secrets_do_not_come_back_with_the_origin(fake: Fake) -> None:
    """S-445, SEC-21: from session and request, credentials and cookies of the call alike."""
    session, connector = fake(
        hops(redirect("/same"), redirect("http://b.example/"), redirect("http://a.example/back"),
             response_bytes()),
        headers={"Cookie": "of=session"},
        auth=BasicAuth("u", "p"),
        cookies=None,
    )  # fmt: skip

    await session.get(
        "http://a.example/", cookies={"of": "call"}, headers={"Proxy-Authorization": "x"}
    )

    heads = [request.head for request in connector.requests]
    for name in (b"Authorization: Basic", b"Cookie: of=call", b"Proxy-Authorization: x"):
        assert [name in head for head in heads] == [True, True, False, False]


async def test_jar_cookies_are_chosen_for_each_hop(fake: Fake) -> None:
    """S-445, S-449, S-207: those set by a redirect are stored before it is followed."""
    session, connector = fake(
        hops(response_bytes(
            status=302, headers={"Location": "http://b.example/", "Set-Cookie": "a=1"}
        ), redirect("http://a.example/"),
             response_bytes())
    )  # fmt: skip

    response = await session.get("http://a.example/")

    assert [b"Cookie: a=1\r\n" in request.head for request in connector.requests] == [
        False,
        False,
        True,
    ]
    assert len(response.cookies) == 0


async def test_a_body_goes_with_its_content_fields(fake: Fake) -> None:
    """S-437, S-438, SEC-23."""
    headers = {"Content-Type": "text/x", "Content-Language": "de", "Content-Encoding": "x",
               "X-Own": "1", "Expect": "100-continue"}  # fmt: skip
    session, connector = fake(hops(redirect("/x", 303), response_bytes()))

    await session.post("http://h/", data=b"abc", headers=headers)

    second = connector.requests[1]
    assert second.head.startswith(b"GET /x ")
    assert second.body == b""
    assert b"Content-" not in second.head
    assert b"Expect" not in second.head
    assert b"X-Own: 1\r\n" in second.head


@pytest.mark.parametrize("status", [307, 308])
async def test_a_kept_body_is_sent_again_from_its_start(
    fake: Fake, tmp_path: Path, status: int, threads_done: Callable[[], Awaitable[None]]
) -> None:
    """S-439, SEC-6."""
    (tmp_path / "f").write_bytes(b"skipped-content")
    for data in (b"content", io.BytesIO(b"content"), (tmp_path / "f").open("rb")):
        if not isinstance(data, (bytes, io.BytesIO)):
            data.seek(8)
        session, connector = fake(hops(redirect("/x", status), response_bytes()))
        await session.post("http://h/", data=data)
        assert [request.body for request in connector.requests] == [b"content"] * 2
        assert connector.requests[1].head.startswith(b"POST /x ")
    await threads_done()
    assert data.closed  # type: ignore[union-attr]  # the file, which came last


async def test_a_body_that_cannot_be_sent_again_fails(fake: Fake) -> None:
    """S-439, S-546, SEC-6: instead of an empty one."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"once"

    session, connector = fake(hops(redirect("/x", 307), response_bytes()))

    with pytest.raises(ClientPayloadError, match="cannot be sent again"):
        await session.post("http://h/", data=pieces())

    assert len(connector.requests) == 1


async def test_history_has_the_redirects_in_order(fake: Fake) -> None:
    """S-408, S-443, S-450, S-376."""
    session, connector = fake(hops(redirect("/1#one"), redirect("/2#two"), response_bytes(b"end")))

    response = await session.get("http://h/#start")

    assert [str(each.url) for each in response.history] == ["http://h/", "http://h/1"]
    assert response.real_url == URL("http://h/2#two")
    assert await response.read() == b"end"
    assert len(connector.transports) == 1


@pytest.mark.parametrize(("limit", "requests"), [(1, 1), (3, 3), (10, 10)])
async def test_redirects_are_limited(fake: Fake, limit: int, requests: int) -> None:
    """S-443, S-543."""
    session, connector = fake(redirect("/again", 307))

    with pytest.raises(TooManyRedirects) as caught:
        await session.get("http://h/start", max_redirects=limit)

    assert len(connector.requests) == requests
    assert len(caught.value.history) == requests
    assert caught.value.status == 307
    assert caught.value.headers is not None
    assert str(caught.value.request_info.url) == "http://h/start"
    assert connector.in_use == 0


async def test_zero_redirects_means_no_limit(fake: Fake) -> None:
    """S-443."""
    session, _ = fake(hops(*[redirect("/again")] * 30, response_bytes(b"end")))
    assert len((await session.get("http://h/", max_redirects=0)).history) == 30


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("GET", {"allow_redirects": False}), ("HEAD", {})],
)
async def test_redirects_may_be_returned_instead(
    fake: Fake, method: str, arguments: dict[str, Any]
) -> None:
    """S-366, S-436."""
    session, connector = fake(redirect("/x"))
    call = session.head("http://h/") if method == "HEAD" else session.get("http://h/", **arguments)
    assert (await call).status == 302
    assert len(connector.requests) == 1


@pytest.mark.parametrize("headers", [{}, {"Location": ""}])
async def test_a_redirect_to_nowhere_is_returned(fake: Fake, headers: dict[str, str]) -> None:
    """S-436."""
    session, _ = fake(response_bytes(status=302, headers=headers))
    assert (await session.get("http://h/")).status == 302


async def test_the_uri_field_stands_in_for_location(fake: Fake) -> None:
    """S-436."""
    session, connector = fake(
        hops(response_bytes(status=302, headers={"URI": "/x"}), response_bytes())
    )
    await session.get("http://h/")
    assert target_of(connector, 1) == "http://h/x"


@pytest.mark.parametrize("location", ["http://h:x/", "ftp://h/", "/a\x7fb"])
async def test_a_bad_redirect_leaves_nothing_acquired(fake: Fake, location: str) -> None:
    """S-442, SEC-24, SEC-36."""
    head = b"HTTP/1.1 302 X\r\nContent-Length: 999999\r\nLocation: %b\r\n\r\n"
    session, connector = fake(RawPlan([head % location.encode()], closes=False))
    with pytest.raises((InvalidUrlRedirectClientError, NonHttpUrlRedirectClientError)):
        await session.get("http://h/")
    assert connector.in_use == 0


async def test_the_body_of_a_redirect_is_not_read(fake: Fake) -> None:
    """S-450, SEC-25."""
    endless = RawPlan([b"HTTP/1.1 302 X\r\nContent-Length: 99999999\r\nContent-Encoding: gzip\r\n"
                       b"Location: /x\r\n\r\njunk"], closes=False)  # fmt: skip
    session, connector = fake(lambda head, body: response_bytes() if b"/x" in head else endless)
    assert (await session.get("http://h/")).status == 200
    assert len(connector.transports) == 2


async def test_a_target_is_left_as_it_came_on_request(fake: Fake) -> None:
    """S-441."""
    session, connector = fake(
        hops(redirect("/a%2Fb%7E"), response_bytes()), requote_redirect_url=False
    )
    await session.get("http://h/")
    assert target_of(connector, 1) == "http://h/a%2Fb%7E"


async def test_a_body_that_a_middleware_replaced_is_the_one_that_is_kept(
    fake: Fake, tmp_path: Path, threads_done: Callable[[], Awaitable[None]]
) -> None:
    """S-439, S-472: the caller's was closed when it was replaced."""
    (tmp_path / "f").write_bytes(b"old")
    seen: list[int] = []

    async def replace_once(request: ClientRequest, handler: Handler) -> ClientResponse:
        if not seen:
            await request.update_body(b"new")
            seen.append(1)
        return await handler(request)

    session, connector = fake(
        hops(redirect("/x", 307), response_bytes()), middlewares=[replace_once]
    )
    file = (tmp_path / "f").open("rb")
    await session.post("http://h/", data=file)
    await threads_done()
    assert [request.body for request in connector.requests] == [b"new", b"new"]
    assert file.closed


async def test_secrets_that_the_user_names_stay_at_their_origin(fake: Fake) -> None:
    """SEC-21: every line of them, in any spelling, and they do not come back."""
    session, connector = fake(
        hops(redirect("http://other/"), redirect("http://h/again"), response_bytes(b"ok")),
        secret_headers=["X-Api-Key"],
        headers={"x-api-key": "s"},
    )
    await session.get("http://h/")
    assert [b"x-api-key" in request.head for request in connector.requests] == [True, False, False]


async def test_a_session_may_refuse_to_be_led_from_https_to_http(fake: Fake) -> None:
    """SEC-22."""
    session, connector = fake(redirect("http://h/"), allow_downgrade=False)
    with pytest.raises(InvalidUrlRedirectClientError, match="allow_downgrade"):
        await session.get("https://h/")
    assert len(connector.requests) == 1


async def test_the_limit_of_redirects_can_be_the_session_s(fake: Fake) -> None:
    """SEC-24: a request's own wins."""
    session, connector = fake(redirect("http://h/"), max_redirects=2)
    with pytest.raises(TooManyRedirects):
        await session.get("http://h/")
    assert len(connector.requests) == 2
    with pytest.raises(TooManyRedirects):
        await session.get("http://h/", max_redirects=3)
    assert len(connector.requests) == 5
