"""`middlewares._token`: who gets a token, and how many times one is fetched."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from wherry import (
    ClientConnectionError,
    ClientError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    Handler,
    TotalTimeoutError,
)
from wherry.middlewares import BearerToken, LogRequests, Retry, Token
from wherry.testing import FakeConnector, check_middleware, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
HOST = "http://api.test/"


class Issuer:
    """Gives out the tokens t1, t2 …, and is the server that takes only the newest."""

    def __init__(self, *, expires_in: float | None = None, wants: str | None = None) -> None:
        self.made = 0
        self.failure: BaseException | None = None
        self.gate: asyncio.Event | None = None
        self.was_cancelled = False
        self._expires_in = expires_in
        self._wants = wants

    async def fetch(self) -> Token:
        self.made += 1
        number = self.made
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.was_cancelled = True
                raise
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return Token(f"t{number}", self._expires_in)

    def answer(self, head: bytes, body: bytes) -> bytes:
        wanted = self._wants or f"t{self.made}"
        is_good = f"\r\nAuthorization: Bearer {wanted}\r\n".encode() in head
        return response_bytes(b"ok", status=200 if is_good else 401)


def sent(connector: FakeConnector) -> list[str]:
    """The credentials of each request, "" if there were none."""
    lines = [seen.head.decode().split("\r\n") for seen in connector.requests]
    return [
        next((line[15:] for line in head if line.startswith("Authorization: ")), "")
        for head in lines
    ]


# --- the token -------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["", "a b", "a\r\nX: y", "tokén", "a\0"])
def test_a_token_cannot_break_out_of_its_field(value: str) -> None:
    """SEC-1: and the error does not show it (SEC-60)."""
    with pytest.raises(ValueError, match="visible ASCII") as caught:
        Token(value)
    assert value == "" or value not in str(caught.value)


async def test_no_text_shows_a_token(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    """SEC-60."""
    caplog.set_level("DEBUG")

    async def fetch() -> Token:
        return Token("s3cret", 60)

    bearer = BearerToken(fetch, origins=["http://api.test"])
    session, _ = fake(middlewares=[bearer, LogRequests(headers=True)])
    response = await session.get(HOST)

    assert repr(bearer) == "<BearerToken for [http://api.test:80], has a token>"
    assert repr(Token("s3cret")) == "Token(expires_in=None)"
    assert "s3cret" not in repr(response) + repr(response.request_info) + caplog.text


# --- fetching --------------------------------------------------------------------------------


async def test_one_token_serves_many_requests(fake: Fake) -> None:
    issuer = Issuer()
    session, connector = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])

    for _ in range(3):
        assert (await session.get(HOST)).status == 200
    assert sent(connector) == ["Bearer t1"] * 3
    assert issuer.made == 1


async def test_requests_at_once_share_one_fetch(fake: Fake) -> None:
    issuer = Issuer()
    session, connector = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])

    await asyncio.gather(*(session.get(HOST) for _ in range(20)))
    assert issuer.made == 1
    assert sent(connector) == ["Bearer t1"] * 20


@pytest.mark.parametrize(
    ("expires_in", "leeway", "fresh_for"), [(100.0, 30.0, 70.0), (10.0, 30.0, 5.0)]
)
async def test_a_token_is_renewed_before_it_expires(
    fake: Fake, expires_in: float, leeway: float, fresh_for: float
) -> None:
    """RFC 6749 §5.1. A token that lives less than the leeway is good for half of its life."""
    now = 0.0
    issuer = Issuer(expires_in=expires_in)
    bearer = BearerToken(issuer.fetch, leeway=leeway, clock=lambda: now)
    session, connector = fake(issuer.answer, middlewares=[bearer])

    for moment in (0.0, fresh_for - 0.1, fresh_for):
        now = moment
        assert (await session.get(HOST)).status == 200
    assert sent(connector) == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_a_token_that_is_never_fresh_is_used_once(fake: Fake) -> None:
    issuer = Issuer(expires_in=0)
    session, connector = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])

    for _ in range(2):
        assert (await session.get(HOST)).status == 200
    assert sent(connector) == ["Bearer t1", "Bearer t2"]


# --- 401 -------------------------------------------------------------------------------------


async def test_a_401_leads_to_one_more_request(fake: Fake) -> None:
    """RFC 6750 §3.1. The 401 is released first: with `limit=1` its connection is needed (B-28)."""
    issuer = Issuer(wants="t2")
    session, connector = fake(issuer.answer, limit=1, middlewares=[BearerToken(issuer.fetch)])

    assert (await session.put(HOST, data=io.BytesIO(b"file"))).status == 200
    assert sent(connector) == ["Bearer t1", "Bearer t2"]
    assert [seen.body for seen in connector.requests] == [b"file", b"file"]


async def test_a_second_401_is_the_callers(fake: Fake) -> None:
    issuer = Issuer(wants="none")
    session, connector = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])

    assert (await session.get(HOST)).status == 401
    assert len(connector.requests) == 2


async def test_a_body_that_cannot_be_sent_again_leaves_the_401_to_the_caller(fake: Fake) -> None:
    """SEC-6. The next request gets a new token."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"piece"

    issuer = Issuer(wants="t2")
    session, _ = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])

    async with session.post(HOST, data=pieces()) as response:
        assert (response.status, await response.read()) == (401, b"ok")
    assert (await session.get(HOST)).status == 200
    assert issuer.made == 2


async def test_many_401s_at_once_lead_to_one_fetch(fake: Fake) -> None:
    issuer = Issuer(wants="t2")
    session, connector = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])

    responses = await asyncio.gather(*(session.get(HOST) for _ in range(10)))
    assert {response.status for response in responses} == {200}
    assert issuer.made == 2
    assert len(connector.requests) == 20


async def test_a_late_401_does_not_throw_the_new_token_away(fake: Fake, until: Until) -> None:
    """It was sent before somebody else fetched the new one."""
    issuer = Issuer(wants="t2")
    hold = asyncio.Event()
    held: list[str] = []

    async def slow(request: ClientRequest, handler: Handler) -> ClientResponse:
        response = await handler(request)
        if request.url.path == "/slow" and not held:
            held.append("401")
            await hold.wait()
        return response

    session, _ = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch), slow])
    late = asyncio.ensure_future(session.get(HOST + "slow"))
    await until(lambda: held)
    assert (await session.get(HOST)).status == 200
    hold.set()

    assert (await late).status == 200
    assert issuer.made == 2


# --- who gets it -----------------------------------------------------------------------------


async def test_the_first_origin_is_the_only_one(fake: Fake) -> None:
    """SEC-21: scheme, host and port; as with digest credentials (S-487)."""
    issuer = Issuer()
    session, connector = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])
    others = ["https://api.test/", "http://api.test:81/", "http://other.test/"]

    for url in (HOST, *others, "http://API.test:80/"):
        await session.get(url)
    assert sent(connector) == ["Bearer t1", "", "", "", "Bearer t1"]


async def test_origins_can_be_named(fake: Fake) -> None:
    """SEC-21: then the first request has no say."""
    issuer = Issuer()
    origins = ["https://a.test", "http://b.test:8080/path"]
    session, connector = fake(middlewares=[BearerToken(issuer.fetch, origins=origins)])

    for url in (HOST, "https://a.test/", "http://a.test/", "http://b.test:8080/"):
        await session.get(url)
    assert sent(connector) == ["", "Bearer t1", "", "Bearer t1"]


async def test_a_redirect_does_not_take_the_token_along(fake: Fake) -> None:
    """SEC-21, and it is there again where the origin is."""

    def answer(head: bytes, body: bytes) -> bytes:
        path = head.split()[1]
        host = {b"/1": "evil.test/2", b"/2": "api.test/3"}.get(path)
        if host is None:
            return response_bytes()
        return response_bytes(status=302, headers={"Location": f"http://{host}"})

    issuer = Issuer()
    session, connector = fake(answer, middlewares=[BearerToken(issuer.fetch)])

    await session.get(HOST + "1")
    assert sent(connector) == ["Bearer t1", "", "Bearer t1"]


async def test_an_authorization_of_the_callers_wins(fake: Fake) -> None:
    issuer = Issuer()
    session, connector = fake(middlewares=[BearerToken(issuer.fetch)])

    await session.get(HOST, headers={"Authorization": "Own x"})
    assert sent(connector) == ["Own x"]
    assert issuer.made == 0


async def test_a_retry_around_it_may_get_a_new_token(fake: Fake) -> None:
    """What it sent itself in the try before is not the caller's."""
    now = 0.0

    def answer(head: bytes, body: bytes) -> bytes:
        nonlocal now
        now += 1000
        return response_bytes(status=503 if now == 1000 else 200)

    issuer = Issuer(expires_in=100)
    bearer = BearerToken(issuer.fetch, clock=lambda: now)
    session, connector = fake(answer, middlewares=[Retry(random=lambda: 0.0), bearer])

    assert (await session.get(HOST)).status == 200
    assert sent(connector) == ["Bearer t1", "Bearer t2"]


async def test_fetch_may_use_the_same_session_and_origin(fake: Fake) -> None:
    """It would wait for itself otherwise."""
    sessions: list[ClientSession] = []

    async def fetch() -> Token:
        async with sessions[0].post(HOST + "token", data=b"grant") as response:
            return Token((await response.read()).decode())

    session, connector = fake(middlewares=[BearerToken(fetch)])
    sessions.append(session)

    assert (await session.get(HOST)).status == 200
    assert sent(connector) == ["", "Bearer ok"]


async def test_another_scheme_can_be_chosen(fake: Fake) -> None:
    issuer = Issuer()
    session, connector = fake(middlewares=[BearerToken(issuer.fetch, scheme="DPoP")])

    await session.get(HOST)
    assert sent(connector) == ["DPoP t1"]


# --- failures and cancellation -----------------------------------------------------------------


class AwkwardError(Exception):
    """Its constructor does not take its `args`."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one}, {two}")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ClientConnectionError("down"), ClientConnectionError),
        (ValueError("odd"), ValueError),
        (AwkwardError(1, 2), ClientError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
async def test_a_failed_fetch_fails_all_who_waited_and_is_not_remembered(
    fake: Fake, failure: Exception, expected: type[Exception]
) -> None:
    """Each has an error of its own, with the first one as its cause."""
    issuer = Issuer()
    failure.add_note("of the issuer")
    issuer.failure = failure
    session, connector = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])

    errors = await asyncio.gather(*(session.get(HOST) for _ in range(3)), return_exceptions=True)

    assert [type(error) for error in errors] == [expected] * 3
    assert len({id(error) for error in errors} | {id(failure)}) == 4
    assert {getattr(error, "__cause__", None) for error in errors} == {failure}
    for error in errors:
        if isinstance(error, Exception):
            error.add_note("of mine")
    assert failure.__notes__ == ["of the issuer"]
    assert issuer.made == 1
    issuer.failure = None
    assert (await session.get(HOST)).status == 200
    assert sent(connector) == ["Bearer t2"]


async def test_who_is_cancelled_does_not_cancel_the_others(fake: Fake, until: Until) -> None:
    issuer = Issuer()
    issuer.gate = asyncio.Event()
    session, _ = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])
    tasks = [asyncio.ensure_future(session.get(HOST)) for _ in range(3)]
    await until(lambda: issuer.made)

    tasks.pop(0).cancel()
    await asyncio.sleep(0)
    issuer.gate.set()
    responses = await asyncio.gather(*tasks)

    assert [response.status for response in responses] == [200, 200]
    assert issuer.made == 1
    assert not issuer.was_cancelled


async def test_nothing_is_fetched_for_nobody(fake: Fake, until: Until) -> None:
    """No task outlives those who waited; whoever comes next has a fetch of their own."""
    issuer = Issuer()
    issuer.gate = asyncio.Event()
    session, _ = fake(issuer.answer, middlewares=[BearerToken(issuer.fetch)])
    tasks = [asyncio.ensure_future(session.get(HOST)) for _ in range(2)]
    await until(lambda: issuer.made)

    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    issuer.gate.set()
    assert (await session.get(HOST)).status == 200

    assert issuer.was_cancelled
    assert issuer.made == 2
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_waiting_for_a_token_counts_for_the_total_timeout(fake: Fake) -> None:
    """S-444."""
    issuer = Issuer()
    issuer.gate = asyncio.Event()
    session, connector = fake(middlewares=[BearerToken(issuer.fetch)])

    with pytest.raises(TotalTimeoutError, match="it was waiting for a token"):
        await session.get(HOST, timeout=0.001)
    await asyncio.sleep(0)
    assert issuer.was_cancelled
    assert connector.requests == []


async def test_a_fetch_that_cancels_itself_is_an_error(fake: Fake) -> None:
    async def fetch() -> Token:
        raise asyncio.CancelledError

    session, _ = fake(middlewares=[BearerToken(fetch)])

    with pytest.raises(ClientError, match="cancelled from inside"):
        await session.get(HOST)


async def test_a_fetch_that_returns_something_else_is_an_error(fake: Fake) -> None:
    async def fetch() -> Any:
        return "s3cret"

    session, _ = fake(middlewares=[BearerToken(fetch)])

    with pytest.raises(TypeError, match="has to return a Token, got str"):
        await session.get(HOST)


# --- the rest --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"leeway": -1}, ValueError),
        ({"scheme": "a b"}, ValueError),
        ({"origins": "https://a.test"}, TypeError),
        ({"origins": ["ftp://a.test"]}, ValueError),
        ({"origins": ["https:///x"]}, ValueError),
        ({"origins": ["//u:s3cret@a.test"]}, ValueError),
    ],
    ids=str,
)
def test_values_that_make_no_sense_are_refused(
    options: dict[str, Any], error: type[Exception]
) -> None:
    """SEC-60: and passwords among them are not shown."""
    with pytest.raises(error) as caught:
        BearerToken(Issuer().fetch, **options)
    assert "s3cret" not in str(caught.value)


async def test_it_keeps_the_contract_of_middlewares() -> None:
    """SEC-36."""
    await check_middleware(BearerToken(Issuer().fetch))
