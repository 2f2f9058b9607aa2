"""Digest authentication against httpbin, whose server half others wrote."""

import asyncio

import pytest

import wherry
from wherry.digest_auth import DigestAuthMiddleware

pytestmark = pytest.mark.network


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512"])
@pytest.mark.parametrize("qop", ["auth", "auth-int"])
async def test_an_answer_is_accepted(
    session: wherry.ClientSession, httpbin: str, algorithm: str, qop: str
) -> None:
    """S-478, S-480, S-481: without a query, which this server cannot check."""
    digest = DigestAuthMiddleware("ann", "secret")
    url = f"{httpbin}/digest-auth/{qop}/ann/secret/{algorithm}"
    async with session.get(url, middlewares=[digest]) as response:
        assert response.status == 200
        assert await response.json() == {"authenticated": True, "user": "ann"}
        sent = response.request_info.headers["Authorization"]

    assert f"algorithm={algorithm}," in sent
    assert f"qop={qop}, nc=00000001," in sent


async def test_without_a_preference_the_content_is_protected(
    session: wherry.ClientSession, httpbin: str
) -> None:
    """S-481: httpbin offers both for an unknown qop."""
    digest = DigestAuthMiddleware("ann", "secret")
    async with session.get(
        f"{httpbin}/digest-auth/any/ann/secret", middlewares=[digest]
    ) as response:
        assert response.status == 200
        assert "qop=auth-int" in response.request_info.headers["Authorization"]


async def test_wrong_credentials_are_refused(session: wherry.ClientSession, httpbin: str) -> None:
    """S-478: the second 401 is the caller's to see."""
    digest = DigestAuthMiddleware("ann", "wrong")
    async with session.get(
        f"{httpbin}/digest-auth/auth/ann/secret", middlewares=[digest]
    ) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Digest")


async def test_a_stale_nonce_is_replaced(session: wherry.ClientSession, httpbin: str) -> None:
    """S-486: httpbin calls a nonce stale after one use, and remembers in a cookie."""
    digest = DigestAuthMiddleware("ann", "secret")
    url = f"{httpbin}/digest-auth/auth/ann/secret/SHA-256/1"
    jar = wherry.CookieJar(unsafe=True)  # the server has an address for a name
    async with wherry.ClientSession(cookie_jar=jar, middlewares=[digest]) as keeping:
        statuses = []
        for _ in range(3):
            async with keeping.get(url) as response:
                statuses.append(response.status)
    assert statuses == [200] * 3


async def test_many_requests_share_a_nonce(session: wherry.ClientSession, httpbin: str) -> None:
    """S-484: after the first one all are accepted at once, each with a count of its own."""
    digest = DigestAuthMiddleware("ann", "secret")
    url = f"{httpbin}/digest-auth/auth/ann/secret/SHA-512"

    async def sent() -> str:
        async with session.get(url, middlewares=[digest]) as response:
            assert response.status == 200
            return response.request_info.headers["Authorization"]

    await sent()
    answers = await asyncio.gather(*(sent() for _ in range(10)))
    assert len({answer.partition("nonce=")[2].partition(",")[0] for answer in answers}) == 1
    counts = {answer.partition("nc=")[2].partition(",")[0] for answer in answers}
    assert counts == {f"{number:08x}" for number in range(2, 12)}
