"""`digest_auth`: when a request is sent with an answer to a Digest challenge, and to whom."""

import asyncio
import hashlib
import io
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict
from yarl import URL

from wherry import (
    BasicAuth,
    ClientError,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    Handler,
    TCPConnector,
)
from wherry.digest_auth import (
    HASHED_IN_LOOP,
    DigestAuthMiddleware,
    ProxyDigestAuthMiddleware,
)
from wherry.testing import (
    FakeConnector,
    LoopbackServer,
    ResponsePlan,
    check_middleware,
    response_bytes,
)
from wherry_codec import Request

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
OK = response_bytes(b"ok")


def fields_of(head: bytes) -> CIMultiDict[str]:
    lines = head.decode().split("\r\n")[1:-2]
    return CIMultiDict((name, value) for name, _, value in (line.partition(": ") for line in lines))


def parameters_of(value: str) -> dict[str, str]:
    assert value.startswith("Digest ")
    return dict(re.findall(r'([a-z]+)="?([^",]*)"?', value.removeprefix("Digest ")))


class Guard:
    """A server that wants Digest answers by `u` with password `p`; it takes each count once.

    A nonce is good for `uses` requests, or until `expire()`; then it is stale.
    """

    def __init__(
        self,
        *,
        algorithm: str = "SHA-256",
        qop: str = "auth,auth-int",
        extra: str = "",
        uses: int = 1000,
        status: int = 401,
        info: str = "",
        gives_next: bool = False,
    ) -> None:
        self.challenge = f'Digest realm="r", qop="{qop}", algorithm={algorithm}{extra}'
        self.hash = algorithm.lower().replace("-", "")
        self.uses = uses
        self.status = status
        self.gives_next = gives_next
        self.name, self.ask = {
            401: ("Authorization", "WWW-Authenticate"),
            407: ("Proxy-Authorization", "Proxy-Authenticate"),
        }[status]
        self.seen: list[dict[str, str] | None] = []
        """The answers, None for a request without one."""
        self.used: dict[str, set[str]] = {}
        self.made = 0

    def expire(self) -> None:
        self.used.clear()

    def __call__(self, head: bytes, body: bytes) -> bytes:
        method, target, _ = head.decode().split(" ", 2)
        status, headers = self.judge(method, target, fields_of(head), body)
        return response_bytes(b"ok" if status == 200 else b"no", status=status, headers=headers)

    def plan(self, request: Request, body: bytes) -> ResponsePlan:
        headers = CIMultiDict(request.headers)
        status, answer = self.judge(request.method, request.target, headers, body)
        return ResponsePlan(status, answer, b"ok" if status == 200 else b"no" * 100_000)

    def judge(
        self, method: str, target: str, headers: CIMultiDict[str], body: bytes
    ) -> tuple[int, dict[str, str]]:
        value = headers.get(self.name)
        if value is None or not value.startswith("Digest"):
            self.seen.append(None)
            return self.refuse("")
        got = parameters_of(value)
        self.seen.append(got)
        if got["response"] != self.response(got, method, body) or got["uri"] != target:
            return self.refuse("")
        counts = self.used.get(got["nonce"])
        if counts is None or len(counts) >= self.uses:
            return self.refuse(", stale=true")
        assert got["nc"] not in counts, "a nonce count came twice"
        counts.add(got["nc"])
        if self.gives_next:
            return 200, {"Authentication-Info": f'rspauth="x", nextnonce="{self.new_nonce()}"'}
        return 200, {}

    def refuse(self, stale: str) -> tuple[int, dict[str, str]]:
        return self.status, {self.ask: f'{self.challenge}{stale}, nonce="{self.new_nonce()}"'}

    def new_nonce(self) -> str:
        self.made += 1
        self.used[f"n{self.made}"] = set()
        return f"n{self.made}"

    def response(self, got: dict[str, str], method: str, body: bytes) -> str:
        def h(text: str) -> str:
            return hashlib.new(self.hash, text.encode()).hexdigest()

        what = f"{method}:{got['uri']}"
        if got["qop"] == "auth-int":
            what += ":" + hashlib.new(self.hash, body).hexdigest()
        once = ":".join(got[name] for name in ("nonce", "nc", "cnonce", "qop"))
        return h(f"{h('u:r:p')}:{once}:{h(what)}")

    def nonces_and_counts(self) -> list[tuple[str, int] | None]:
        return [None if got is None else (got["nonce"], int(got["nc"], 16)) for got in self.seen]


@pytest.fixture
def digest() -> DigestAuthMiddleware:
    """The middleware with the right credentials."""
    return DigestAuthMiddleware("u", "p")


async def status_of(session: ClientSession, url: str, method: str = "GET", **options: Any) -> int:
    async with session.request(method, url, **options) as response:
        await response.read()
        return response.status


# --- asking and answering -----------------------------------------------------------------------


async def test_a_challenge_is_answered(fake: Fake, digest: DigestAuthMiddleware) -> None:
    """S-478, S-482, S-483: appendix E on the wire, once."""
    guard = Guard(extra=', opaque="o"')
    session, connector = fake(guard, middlewares=[digest])

    async with session.get("http://h/a%2Fb?x=1") as response:
        assert await response.text() == "ok"
        assert "Digest " in response.request_info.headers["Authorization"]
        assert "n1" not in repr(response.request_info)  # masked, SEC-60

    first, second = (
        fields_of(seen.head).getall("Authorization", []) for seen in connector.requests
    )
    assert first == []
    (line,) = second
    assert re.fullmatch(
        r'Digest username="u", realm="r", nonce="n1", uri="/a%2Fb\?x=1", response="[0-9a-f]{64}", '
        r'algorithm=SHA-256, opaque="o", qop=auth-int, nc=00000001, cnonce="[0-9a-f]{16}"',
        line,
    )


async def test_it_is_a_good_middleware(digest: DigestAuthMiddleware) -> None:
    """S-468."""
    await check_middleware(digest)
    await check_middleware(ProxyDigestAuthMiddleware("u", "p"))


async def test_a_second_refusal_is_the_callers(fake: Fake) -> None:
    """S-478: two requests; the next call starts afresh."""
    guard = Guard()
    session, _ = fake(guard, middlewares=[DigestAuthMiddleware("u", "wrong")])
    for _ in range(2):
        async with session.get("http://h/") as response:
            assert (response.status, await response.text()) == (401, "no")
    assert guard.nonces_and_counts() == [None, ("n1", 1), None, ("n3", 1)]


async def test_the_refusal_gives_its_connection_back_first() -> None:
    """B-28: a refusal with a long body, and room for one connection only."""
    guard = Guard()
    async with (
        LoopbackServer(guard.plan) as server,
        ClientSession(
            connector=TCPConnector(limit=1), middlewares=[DigestAuthMiddleware("u", "p")]
        ) as session,
    ):
        for _ in range(2):
            assert await status_of(session, str(server.url)) == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2)]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512"])
async def test_all_lines_are_searched(fake: Fake, algorithm: str) -> None:
    """S-479, B-29, SEC-28: the strongest of them is answered, though it comes last."""
    guard = Guard(algorithm=algorithm)

    def answer(head: bytes, body: bytes) -> bytes:
        found = guard(head, body)
        return found.replace(
            b"WWW-Authenticate: ",
            b'WWW-Authenticate: Basic realm="x", Digest realm=r, nonce=weak\r\n'
            b"WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM, ",
        )

    session, _ = fake(answer, middlewares=[DigestAuthMiddleware("u", "p")])
    assert await status_of(session, "http://h/") == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1)]


@pytest.mark.parametrize("lines", [[], ["Basic realm=r"], ["Digest"]])
async def test_other_refusals_are_the_callers(
    fake: Fake, digest: DigestAuthMiddleware, lines: list[str]
) -> None:
    """S-485."""
    refusal = response_bytes(status=401, headers=[("WWW-Authenticate", line) for line in lines])
    session, connector = fake(refusal, middlewares=[digest])
    assert await status_of(session, "http://h/") == 401
    assert len(connector.requests) == 1


async def test_a_challenge_that_cannot_be_answered_is_an_error(
    fake: Fake, digest: DigestAuthMiddleware
) -> None:
    """S-485, S-560: and nothing stays acquired, as the fixture makes sure."""
    refusal = response_bytes(status=401, headers={"WWW-Authenticate": "Digest realm=r, qop=auth"})
    session, connector = fake(refusal, middlewares=[digest])
    with pytest.raises(ClientError, match="got only 'realm, qop'") as caught:
        await session.get("http://h/")
    assert type(caught.value) is ClientError
    assert len(connector.requests) == 1


# --- sending unasked ----------------------------------------------------------------------------


async def test_later_requests_carry_the_answer_at_once(
    fake: Fake, digest: DigestAuthMiddleware
) -> None:
    """S-486, S-484: a new client nonce each time."""
    guard = Guard()
    session, _ = fake(guard, middlewares=[digest])
    for path in ("a", "b", "c?d"):
        assert await status_of(session, f"http://h/{path}") == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2), ("n1", 3)]
    assert len({got["cnonce"] for got in guard.seen if got}) == 3


async def test_it_can_wait_to_be_asked(fake: Fake) -> None:
    """S-488."""
    guard = Guard()
    session, _ = fake(guard, middlewares=[DigestAuthMiddleware("u", "p", preemptive=False)])
    for _ in range(2):
        assert await status_of(session, "http://h/") == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1), None, ("n2", 1)]


async def test_a_stale_nonce_costs_one_more_request(
    fake: Fake, digest: DigestAuthMiddleware
) -> None:
    """S-486."""
    guard = Guard()
    session, _ = fake(guard, middlewares=[digest])
    await status_of(session, "http://h/")
    guard.expire()
    assert await status_of(session, "http://h/", "POST", data=b"again") == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2), ("n2", 1)]


async def test_nonces_may_be_good_for_one_use(fake: Fake, digest: DigestAuthMiddleware) -> None:
    """S-478: never more than two requests for one."""
    guard = Guard(uses=1)
    session, _ = fake(guard, middlewares=[digest])
    for _ in range(3):
        assert await status_of(session, "http://h/") == 200
    assert guard.nonces_and_counts() == [
        None, ("n1", 1), ("n1", 2), ("n2", 1), ("n2", 2), ("n3", 1),
    ]  # fmt: skip


async def test_the_next_nonce_is_used(fake: Fake, digest: DigestAuthMiddleware) -> None:
    """RFC 7616 §3.5: one use each, and no refusal after the first."""
    guard = Guard(uses=1, gives_next=True)
    session, _ = fake(guard, middlewares=[digest])
    for _ in range(3):
        assert await status_of(session, "http://h/") == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n2", 1), ("n3", 1)]


async def test_the_same_challenge_again_means_no(fake: Fake, digest: DigestAuthMiddleware) -> None:
    """RFC 7616 §3.3: not stale, so the resource is not for this user."""

    def answer(head: bytes, body: bytes) -> bytes:
        if b"Digest" in head and b"GET /mine " in head:
            return OK
        headers = {"WWW-Authenticate": "Digest realm=r, nonce=fixed, qop=auth"}
        return response_bytes(status=401, headers=headers)

    session, connector = fake(answer, middlewares=[digest])
    assert await status_of(session, "http://h/mine") == 200
    assert await status_of(session, "http://h/theirs") == 401
    assert await status_of(session, "http://h/mine") == 200
    counts = [parameters_of(fields_of(seen.head).get("Authorization", "Digest ")).get("nc")
              for seen in connector.requests]  # fmt: skip
    assert counts == [None, "00000001", "00000002", "00000003"]


async def test_only_the_domain_gets_answers_unasked(
    fake: Fake, digest: DigestAuthMiddleware
) -> None:
    """S-486."""
    guard = Guard(extra=', domain="/in"')
    session, _ = fake(guard, middlewares=[digest])
    for path in ("in/a", "in/b", "out"):
        assert await status_of(session, f"http://h/{path}") == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2), None, ("n2", 1)]


# --- many at once -------------------------------------------------------------------------------


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
async def test_no_count_comes_twice(qop: str) -> None:
    """S-484: the guard asserts it, over real sockets; all come through, the first ones too."""
    guard = Guard(qop=qop)
    async with (
        LoopbackServer(guard.plan) as server,
        ClientSession(middlewares=[DigestAuthMiddleware("u", "p")]) as session,
    ):
        url = str(server.url)
        for _ in range(2):
            statuses = await asyncio.gather(
                *(status_of(session, url, "POST", data=b"x" * number) for number in range(20))
            )
            assert set(statuses) == {200}
    last = [got for got in guard.seen[-20:] if got]
    assert len(last) == 20
    assert len({got["nonce"] for got in last}) == 1
    assert sorted(int(got["nc"], 16) for got in last) == list(range(2, 22))


async def test_a_retry_takes_a_count_of_its_own(fake: Fake, digest: DigestAuthMiddleware) -> None:
    """S-455: the request that comes again brings the field of the attempt before."""
    guard = Guard()
    breaks = [b""]

    def answer(head: bytes, body: bytes) -> bytes:
        found = guard(head, body)
        return breaks.pop() if breaks and guard.seen[-1] else found

    session, _ = fake(answer, middlewares=[digest])
    assert await status_of(session, "http://h/") == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2)]

    breaks.append(b"")
    waiting = DigestAuthMiddleware("u", "p", preemptive=False)
    assert await status_of(session, "http://h/", middlewares=[waiting]) == 200
    assert guard.nonces_and_counts()[3:] == [None, ("n2", 1), None, ("n3", 1)]


# --- bodies -------------------------------------------------------------------------------------


def last_qop(guard: Guard) -> str:
    got = guard.seen[-1]
    assert got is not None
    return got["qop"]


async def test_the_content_is_hashed_where_it_is_in_memory(
    fake: Fake, digest: DigestAuthMiddleware, tmp_path: Path
) -> None:
    """S-481, C-16."""
    guard = Guard()
    session, _ = fake(guard, middlewares=[digest])
    (tmp_path / "file").write_bytes(b"from a file")
    large = io.BytesIO(b"x" * 100_000)

    async def rows() -> AsyncIterator[bytes]:
        yield b"row"

    qops = []
    for data in (None, b"bytes", "text", {"a": "form"}, tmp_path / "file", large, rows()):
        assert await status_of(session, "http://h/", "POST", data=data) == 200
        qops.append(last_qop(guard))
    assert qops == ["auth-int"] * 4 + ["auth"] * 3


async def test_a_file_is_hashed_where_the_server_insists(
    fake: Fake,
    digest: DigestAuthMiddleware,
    tmp_path: Path,
    threads_done: Callable[[], Any],
) -> None:
    """C-16: without collecting it; what is larger than a few buffers is hashed in a thread."""
    guard = Guard(qop="auth-int")
    session, connector = fake(guard, middlewares=[digest])
    content = bytes(range(256)) * (HASHED_IN_LOOP // 256 + 1)
    (tmp_path / "file").write_bytes(content)

    for data in (tmp_path / "file", io.BytesIO(content), content):
        assert await status_of(session, "http://h/", "PUT", data=data) == 200
        assert connector.requests[-1].body == content
        assert last_qop(guard) == "auth-int"
    await threads_done()


async def test_a_body_that_is_read_once_cannot_be_hashed(
    fake: Fake, digest: DigestAuthMiddleware
) -> None:
    guard = Guard(qop="auth-int")
    session, connector = fake(guard, middlewares=[digest])
    await status_of(session, "http://h/")

    async def rows() -> AsyncIterator[bytes]:
        yield b"row"

    with pytest.raises(ClientError, match=r"auth-int.*pass bytes or a seekable file"):
        await session.post("http://h/?token=secret", data=rows())
    assert len(connector.requests) == 2


async def test_a_body_is_sent_again_whole_or_not_at_all(
    fake: Fake, digest: DigestAuthMiddleware
) -> None:
    """S-470: and what was learned helps the next call."""
    guard = Guard()
    session, connector = fake(guard, middlewares=[digest])

    async def rows() -> AsyncIterator[bytes]:
        yield b"row"

    with pytest.raises(
        ClientPayloadError, match="401, and its body cannot be sent again"
    ) as caught:
        await session.post("http://h/?token=secret", data=rows())
    assert "secret" not in str(caught.value)
    assert await status_of(session, "http://h/", "POST", data=rows()) == 200
    assert await status_of(session, "http://h/", "POST", data=io.BytesIO(b"again")) == 200
    guard.expire()
    file = io.BytesIO(b"xagain")
    file.seek(1)
    assert await status_of(session, "http://h/", "POST", data=file) == 200
    assert [seen.body for seen in connector.requests] == [b"row", b"row"] + [b"again"] * 3


# --- whom the credentials are for ---------------------------------------------------------------


async def test_other_origins_see_no_answers(fake: Fake, digest: DigestAuthMiddleware) -> None:
    """S-487: neither unasked nor asked."""
    guard = Guard()
    session, _ = fake(guard, middlewares=[digest])
    assert await status_of(session, "http://h/") == 200
    for url in ("http://evil/", "http://h:81/", "https://h/"):
        assert await status_of(session, url) == 401
    assert guard.nonces_and_counts() == [None, ("n1", 1), None, None, None]


async def test_a_redirect_keeps_the_answer_at_home(
    fake: Fake, digest: DigestAuthMiddleware
) -> None:
    """S-487, SEC-21: each hop of its own origin is answered anew, those of others not at all."""
    guard = Guard()

    def answer(head: bytes, body: bytes) -> bytes:
        if b"Host: other\r\n" in head:
            return response_bytes(status=302, headers={"Location": "http://h/end"})
        found = guard(head, body)
        if found.startswith(b"HTTP/1.1 200") and b"GET /start" in head:
            return response_bytes(status=302, headers={"Location": "http://other/"})
        return found

    session, connector = fake(answer, middlewares=[digest])
    assert await status_of(session, "http://h/start") == 200
    seen = [(seen.key.host, b"Authorization" in seen.head) for seen in connector.requests]
    assert seen == [("h", False), ("h", True), ("other", False), ("h", True)]
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2)]


async def test_an_origin_that_home_names_gets_answers(
    fake: Fake, digest: DigestAuthMiddleware
) -> None:
    """S-487: at once inside the path that was named, never outside of it."""
    guard = Guard(extra=', domain="/ http://other/in"')
    session, _ = fake(guard, middlewares=[digest])
    urls = ("http://h/", "http://other/in/a", "http://other/out", "http://third/in/a")
    assert [await status_of(session, url) for url in urls] == [200, 200, 401, 401]
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2), None, None]


async def test_other_credentials_are_sent_as_they_are(
    fake: Fake, digest: DigestAuthMiddleware
) -> None:
    """Until the server asks for a digest: then there is one field, and it is the answer."""
    guard = Guard()
    session, connector = fake(guard, middlewares=[digest])
    await status_of(session, "http://h/")
    assert await status_of(session, "http://h/", auth=BasicAuth("a", "b")) == 200
    given = [fields_of(seen.head).getall("Authorization", []) for seen in connector.requests]
    assert [[value.partition(" ")[0] for value in values] for values in given] == [
        [], ["Digest"], ["Basic"], ["Digest"],
    ]  # fmt: skip


@pytest.mark.parametrize(("login", "password"), [(None, ""), ("u", None), ("a:b", "c")])
def test_credentials_are_checked(login: str, password: str) -> None:
    """S-477."""
    for make in (DigestAuthMiddleware, ProxyDigestAuthMiddleware):
        with pytest.raises(ValueError, match=r"None|RFC 7616"):
            make(login, password)


def test_the_password_does_not_show() -> None:
    """SEC-60."""
    for make in (DigestAuthMiddleware, ProxyDigestAuthMiddleware):
        assert repr(make("u", "hidden", False)) == (
            f"{make.__name__}(login='u', password='***', preemptive=False)"
        )


# --- proxies ------------------------------------------------------------------------------------


class Through:
    """Gives a request the proxy and the target it would have on its way there (S-164)."""

    def __init__(self, proxy: str, *, target: str | None = None) -> None:
        self.proxy = URL(proxy)
        self.target = target

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        key = request.target.key._replace(proxy=self.proxy)
        target = str(request.url) if self.target is None else self.target
        request.target = replace(request.target, key=key, request_target=target)
        return await handler(request)


async def test_a_proxy_is_answered(fake: Fake) -> None:
    """RFC 9110 §11.7: other status, other fields; the uri is the absolute form that was sent."""
    guard = Guard(status=407, extra=', domain="/elsewhere"')
    digest = ProxyDigestAuthMiddleware("u", "p")
    session, connector = fake(guard, middlewares=[Through("http://proxy:3128"), digest])
    for url in ("http://h/a%2Fb", "http://other/"):
        assert await status_of(session, url) == 200
    assert [got and got["uri"] for got in guard.seen] == [None, "http://h/a%2Fb", "http://other/"]
    assert all(b"\r\nAuthorization" not in seen.head for seen in connector.requests)


async def test_a_proxy_over_a_socket_is_answered() -> None:
    """S-164, RFC 9110 §11.7: with the session's own idea of a proxied request."""
    guard = Guard(status=407)
    async with (
        LoopbackServer(guard.plan) as proxy,
        ClientSession(middlewares=[ProxyDigestAuthMiddleware("u", "p")]) as session,
    ):
        for url in ("http://h.example/a%2Fb", "http://other.example/"):
            assert await status_of(session, url, "POST", data=b"body", proxy=proxy.url) == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2)]


async def test_a_proxy_and_a_server_may_both_ask(fake: Fake) -> None:
    guard, proxy_guard = Guard(), Guard(status=407)

    def answer(head: bytes, body: bytes) -> bytes:
        found = proxy_guard(head, body)
        return guard(head, body) if found.startswith(b"HTTP/1.1 200") else found

    middlewares = [
        Through("http://proxy"),
        DigestAuthMiddleware("u", "p"),
        ProxyDigestAuthMiddleware("u", "p"),
    ]
    session, _ = fake(answer, middlewares=middlewares)
    for _ in range(2):
        assert await status_of(session, "http://h/") == 200
    assert guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2)]
    assert proxy_guard.nonces_and_counts() == [None, ("n1", 1), ("n1", 2), ("n1", 3)]


async def test_the_proxys_credentials_go_to_no_one_else(fake: Fake) -> None:
    """SEC-26: not to another proxy, nor to an origin, be it behind a tunnel or a SOCKS proxy."""
    guard = Guard(status=407)
    digest = ProxyDigestAuthMiddleware("u", "p")
    home = Through("http://proxy")
    session, connector = fake(guard, middlewares=[home, digest])
    assert await status_of(session, "http://h/") == 200
    del connector.requests[:]

    for url, through in [
        ("http://h/", Through("http://other")),
        ("http://h/", Through("https://proxy")),
        ("http://h/", Through("socks5://proxy", target="/")),
        ("http://h/", Through("http://proxy", target="/")),
        ("https://h/", Through("http://proxy", target="/")),
    ]:
        assert await status_of(session, url, middlewares=[through, digest]) == 407
    assert await status_of(session, "http://h/", middlewares=[digest]) == 407
    assert len(connector.requests) == 6
    assert all(b"Proxy-Authorization" not in seen.head for seen in connector.requests)
