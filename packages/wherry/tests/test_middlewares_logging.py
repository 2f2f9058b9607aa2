"""`middlewares._logging`: what is written of a request, and what is not."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry import ClientConnectorError, ClientError, ClientSession, InvalidURL
from wherry.middlewares import LogRequests, Retry
from wherry.middlewares._logging import MAX_FAILURE_TEXT, masked_parameters, printable
from wherry.testing import FakeConnector, RawPlan, check_middleware, response_bytes
from wherry_pool import ConnectionKey

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
KEY = ConnectionKey("h", 80, False)


class Ticks:
    """A clock that goes on by a quarter of a second with each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.25
        return self.now


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def log(**options: Any) -> LogRequests:
    return LogRequests(clock=Ticks(), **options)


def failing(error: BaseException) -> Any:
    async def middleware(request: object, handler: object) -> Any:
        raise error

    return middleware


async def test_a_response_is_one_record(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    session, _ = fake(response_bytes(b"four", status=201), middlewares=[log()])

    await session.post("http://h/path?q=1#part", data=b"x")

    (record,) = caplog.records
    assert (record.name, record.levelno) == ("wherry.requests", logging.INFO)
    assert record.getMessage() == "POST http://h/path?q=1 -> 201 in 0.250 s (4 bytes)"
    assert record.__dict__["http"] == {
        "method": "POST",
        "url": "http://h/path?q=1",
        "status": 201,
        "elapsed": 0.25,
        "size": 4,
        "error": None,
    }


async def test_a_size_that_was_not_announced_is_unknown(
    fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    plan = RawPlan([b"HTTP/1.1 200 OK\r\n\r\nbody"])
    session, _ = fake(lambda head, body: plan, middlewares=[log()])

    await (await session.get("http://h/")).read()

    assert caplog.messages == ["GET http://h/ -> 200 in 0.250 s (size unknown)"]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            ClientConnectorError(KEY, ConnectionRefusedError(111, "refused")),
            "ClientConnectorError: Cannot connect to host h:80 ssl:default [refused]",
        ),
        (ClientError(), "ClientError"),
        (ClientError("100 %s"), "ClientError: 100 %s"),
        (ClientError("a\r\nGET http://forged/ -> 200"), r"ClientError: a\r\nGET http://forged/"),
        (ClientError("no http://u:p@s3cret@h/"), "ClientError: no http://***@h/"),
        (InvalidURL("http://u:p@h/?token=t"), "InvalidURL: http://***@h/?token=***"),
        (ClientError("no http://h/#x?mine=s3cret&a=1"), "no http://h/#x?mine=***&a=1"),
        (ValueError("Bearer s3cret"), ": ValueError"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_failure_is_one_record(
    fake: Fake, caplog: pytest.LogCaptureFixture, error: Exception, text: str
) -> None:
    """SEC-60. Of errors whose texts nobody here has written, the class has to do."""
    session, _ = fake(middlewares=[log(secret_parameters=["mine"]), failing(error)])

    with pytest.raises(type(error)) as caught:
        await session.get("http://h/")

    assert caught.value is error
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("GET http://h/ failed in 0.250 s: ")
    assert text in record.getMessage()
    assert "s3cret" not in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.__dict__["http"]["error"] == type(error).__name__
    assert record.exc_info is None


async def test_the_text_of_a_failure_is_cut(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    session, _ = fake(middlewares=[log(), failing(ClientError("x" * 10_000))])

    with pytest.raises(ClientError):
        await session.get("http://h/")
    assert len(caplog.messages[0]) < MAX_FAILURE_TEXT + 100


async def test_a_cancellation_is_a_failure(
    fake: Fake, caplog: pytest.LogCaptureFixture, until: Any
) -> None:
    session, connector = fake(lambda head, body: None, middlewares=[log()])
    task = asyncio.ensure_future(session.get("http://h/"))
    await until(lambda: connector.requests)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caplog.messages == ["GET http://h/ failed in 0.250 s: CancelledError"]


async def test_the_start_is_logged_on_demand(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    session, _ = fake(middlewares=[log(start_level=logging.DEBUG)])

    await session.get("http://h/")

    assert caplog.messages == ["GET http://h/", "GET http://h/ -> 200 in 0.250 s (2 bytes)"]
    assert [record.levelno for record in caplog.records] == [logging.DEBUG, logging.INFO]


async def test_levels_and_the_logger_can_be_chosen(
    fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "own")
    own = log(logger=logging.getLogger("own"), level=logging.INFO, failure_level=logging.ERROR)
    session, _ = fake(middlewares=[own])
    await session.get("http://h/")
    broken, _ = fake(middlewares=[own, failing(ClientError("x"))])
    with pytest.raises(ClientError):
        await broken.get("http://h/")

    assert [(record.name, record.levelno) for record in caplog.records] == [("own", logging.ERROR)]


# --- secrets ---------------------------------------------------------------------------------


async def test_fields_are_not_logged_unless_asked_for(
    fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    """SEC-60."""
    session, _ = fake(response_bytes(headers={"Server": "s"}), middlewares=[log()])

    await session.get("http://h/", headers={"X-Mine": "visible"})
    assert "visible" not in caplog.text
    assert "request_headers" not in caplog.records[0].__dict__["http"]


SECRETS = {
    "Authorization": "Bearer s3cret",
    "Proxy-Authorization": "Basic s3cret",
    "Cookie": "session=s3cret",
    "X-Api-Key": "s3cret",
    "X-Amz-Security-Token": "s3cret",
    "X-Mine": "s3cret",
    "Referer": "http://u:s3cret@h/?mine=s3cret&token=s3cret",
}


async def test_secret_fields_are_masked(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    """SEC-60: credentials, cookies, what sounds secret, and what the user lists."""
    answer = response_bytes(
        status=200,
        headers={
            "Set-Cookie": "session=s3cret",
            "Location": "http://h/?mine=s3cret",
            "Server": "visible",
        },
    )
    middleware = log(
        headers=True,
        start_level=logging.DEBUG,
        secret_headers=["x-mine"],
        secret_parameters=["MINE"],
    )
    session, connector = fake(answer, middlewares=[middleware])

    await session.get("http://h/?mine=s3cret&api_key=s3cret", headers=SECRETS)

    assert connector.requests[0].head.count(b"s3cret") == 11, "only the log is masked"
    everything = caplog.text + repr([record.__dict__ for record in caplog.records])
    assert "s3cret" not in everything
    shown = dict(caplog.records[1].__dict__["http"]["response_headers"])
    assert shown == {
        "Set-Cookie": "***",
        "Location": "http://h/?mine=***",
        "Server": "visible",
        "Content-Length": "0",
    }
    assert "response_headers=[('Set-Cookie', '***')" in caplog.messages[1]


async def test_a_field_cannot_forge_a_line(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    """SEC-60. Nothing that a server sends moves the cursor either."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Odd: a\tb\xc2\x85\xe2\x80\xa8c\r\n\r\n"
    session, _ = fake(raw, middlewares=[log(headers=True)])

    await session.get("http://h/")
    assert caplog.messages[0].isprintable()


@given(st.text(max_size=40))
def test_what_is_printable_is_on_one_line(text: str) -> None:
    """SEC-60: and nothing is lost that was printable already."""
    shown = printable(text)

    assert shown.isprintable()
    assert shown == text or not text.isprintable()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://h/?mine=s&a=1", "http://h/?mine=***&a=1"),
        ("http://h/?a=1;MINE=s", "http://h/?a=1;MINE=***"),
        ("http://h/?m%69ne=s", "http://h/?m%69ne=***"),
        ("http://h/?mine=s#mine=s", "http://h/?mine=***#mine=***"),
        ("http://h/?mine", "http://h/?mine"),
        ("http://h/?yours=s&mine=", "http://h/?yours=s&mine=***"),
        ("http://h/mine=s", "http://h/mine=s"),
        ("http://u:p@h/?token=t", "http://***@h/?token=***"),
    ],
)
def test_parameters_of_a_url_are_masked(text: str, expected: str) -> None:
    """SEC-60: in any case, in any place, with names as servers read them."""
    assert masked_parameters(text, frozenset({"mine"})) == expected


@given(
    st.lists(st.tuples(st.sampled_from(["a", "mine", "Mine", "m ine"]), st.text(max_size=8))),
)
def test_no_value_of_a_secret_parameter_survives(pairs: list[tuple[str, str]]) -> None:
    """SEC-60."""
    marked = [(name, f"v{n}_{value}_") for n, (name, value) in enumerate(pairs)]
    url = str(URL("http://h/").with_query(marked))

    masked = masked_parameters(url, frozenset({"mine"}))

    for n, (name, _) in enumerate(marked):
        assert (f"=v{n}_" in masked) == (name.lower() != "mine")


@pytest.mark.parametrize("argument", ["secret_headers", "secret_parameters"])
def test_a_single_name_is_no_collection(argument: str) -> None:
    with pytest.raises(TypeError, match=f"{argument} is a collection"):
        LogRequests(**{argument: "token"})  # type: ignore[arg-type]  # that is the point


# --- the rest --------------------------------------------------------------------------------


async def test_inside_a_retry_it_logs_each_try(
    fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [response_bytes(status=503)]
    session, _ = fake(
        lambda head, body: answers.pop() if answers else response_bytes(),
        middlewares=[Retry(random=lambda: 0.0), log()],
    )

    await session.get("http://h/")
    assert [record.__dict__["http"]["status"] for record in caplog.records] == [503, 200]


async def test_each_hop_of_a_redirect_is_logged(
    fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    """S-449."""

    def answer(head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET /a "):
            return response_bytes(status=302, headers={"Location": "http://u:p@g/b"})
        return response_bytes()

    session, _ = fake(answer, middlewares=[log()])

    await session.get("http://h/a")
    assert [record.__dict__["http"]["url"] for record in caplog.records] == [
        "http://h/a",
        "http://g/b",
    ]


def test_the_repr_shows_the_settings() -> None:
    assert repr(LogRequests("own", secret_headers=["x"])) == (
        "LogRequests('own', level=20, headers=False)"
    )


async def test_it_keeps_the_contract_of_middlewares() -> None:
    """SEC-36."""
    await check_middleware(LogRequests())
