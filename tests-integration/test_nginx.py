"""The client against nginx: what the most common server of the web really sends."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable

import pytest

import wherry

pytestmark = pytest.mark.network


# --- connections --------------------------------------------------------------------------------


async def test_one_connection_carries_request_after_request(
    session: wherry.ClientSession, http_url: str, small: bytes
) -> None:
    """S-119: nginx counts five requests on the same connection."""
    seen = []
    for _ in range(5):
        async with session.get(f"{http_url}/small.txt") as response:
            assert await response.read() == small
            seen.append(response.headers["X-Connection"])
            count = response.headers["X-Connection-Requests"]

    assert len(set(seen)) == 1
    assert count == "5"


async def test_a_response_that_nobody_reads_gives_its_connection_back(
    session: wherry.ClientSession, http_url: str
) -> None:
    """S-402: all of it arrived with the head."""
    connections = set()
    for _ in range(3):
        async with session.get(f"{http_url}/small.txt") as response:
            connections.add(response.headers["X-Connection"])

    assert len(connections) == 1


async def test_a_long_response_that_is_given_up_costs_its_connection(
    session: wherry.ClientSession, http_url: str, small: bytes
) -> None:
    """DECISIONS C-07: three megabytes are not drained, and never reach the next request."""
    async with session.get(f"{http_url}/limited/large.bin") as response:
        first = response.headers["X-Connection"]
        assert await response.content.read(10) == bytes(range(10))

    async with session.get(f"{http_url}/small.txt") as response:
        assert await response.read() == small
        assert response.headers["X-Connection"] != first


async def test_connections_the_server_ends_are_replaced_without_a_word(
    session: wherry.ClientSession, short_url: str, small: bytes
) -> None:
    """RFC 9112 §9.6: after `Connection: close` the next request opens another connection."""
    connections = []
    for _ in range(7):
        async with session.get(f"{short_url}/small.txt") as response:
            assert await response.read() == small
            connections.append(response.headers["X-Connection"])

    assert [connections.count(name) for name in dict.fromkeys(connections)] == [2, 2, 2, 1]


async def test_a_connection_the_server_dropped_while_idle_does_not_show(
    session: wherry.ClientSession, impatient_url: str, small: bytes
) -> None:
    """S-451: the connection is found dead before, or while, the next request is sent."""
    for pause in (0.0, 0.001, 0.002, 0.005, 0.02, 0.05):
        async with session.get(f"{impatient_url}/small.txt") as response:
            assert await response.read() == small
        await asyncio.sleep(pause)


async def test_many_requests_share_few_connections(http_url: str, small: bytes) -> None:
    """S-121: of 300 requests at once, no more than `limit` connections are open at a time."""
    connector = wherry.TCPConnector(limit=8)
    most = 0

    async def fetch(session: wherry.ClientSession) -> str:
        nonlocal most
        async with session.get(f"{http_url}/small.txt") as response:
            most = max(most, *(s.in_use + s.idle for s in connector.stats().values()))
            assert await response.read() == small
            return response.headers["X-Connection"]

    async with wherry.ClientSession(connector=connector) as session:
        used = await asyncio.gather(*(fetch(session) for _ in range(300)))
        (stats,) = connector.stats().values()

    assert len(set(used)) == 8
    assert most == 8
    assert (stats.created, stats.closed, stats.waiting) == (8, 0, 0)


async def test_requests_to_several_servers_share_the_limit(
    http_url: str, short_url: str, small: bytes
) -> None:
    """DECISIONS C-24: idle connections count, and make room for another origin's."""
    connector = wherry.TCPConnector(limit=3)

    async def fetch(session: wherry.ClientSession, url: str) -> bytes:
        async with session.get(f"{url}/small.txt") as response:
            assert sum(s.in_use + s.idle for s in connector.stats().values()) <= 3
            return await response.read()

    async with wherry.ClientSession(connector=connector) as session:
        bodies = await asyncio.gather(
            *(fetch(session, (http_url, short_url)[i % 2]) for i in range(60))
        )

    assert set(bodies) == {small}


async def test_requests_survive_a_reload_of_the_server(
    session: wherry.ClientSession, http_url: str, small: bytes, reload_nginx: Callable[[], None]
) -> None:
    """S-451: nginx closes the idle connections of the old worker; no caller notices."""
    for round_ in range(30):
        if round_ in (5, 15):
            reload_nginx()
        bodies = await asyncio.gather(*(_body(session, f"{http_url}/small.txt") for _ in range(10)))
        assert set(bodies) == {small}


async def test_cancelled_requests_leave_nothing_behind(http_url: str, large: bytes) -> None:
    """S-499: cancelled while queueing, connecting, waiting or reading; the pool's books balance."""
    connector = wherry.TCPConnector(limit=4)

    async def fetch(session: wherry.ClientSession, number: int) -> bool:
        async with session.get(f"{http_url}/large.bin") as response:
            if number % 2:
                return await response.read() == large
            return b"".join([piece async for piece in response.content.iter_any()]) == large

    async with wherry.ClientSession(connector=connector) as session:
        for turns in range(0, 60, 3):
            tasks = [asyncio.create_task(fetch(session, number)) for number in range(8)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(result is True for result in done[1::2])
        await asyncio.sleep(0)
        (stats,) = connector.stats().values()

    assert (stats.in_use, stats.waiting) == (0, 0)
    assert stats.idle <= 4


async def test_a_unix_socket_serves_the_same(socket_path: str, small: bytes) -> None:
    """S-161: the host of the URL fills the Host field and nothing else."""
    connector = wherry.UnixConnector(socket_path)
    async with wherry.ClientSession("http://any.example/", connector=connector) as session:
        bodies = await asyncio.gather(*(_body(session, "small.txt") for _ in range(5)))

    assert set(bodies) == {small}


async def test_an_old_server_gets_an_old_request(http_url: str, small: bytes) -> None:
    """S-383: HTTP/1.0 with keep-alive, as both sides understand it."""
    async with wherry.ClientSession(version=wherry.HttpVersion10) as session:
        connections = set()
        for _ in range(3):
            async with session.get(f"{http_url}/small.txt") as response:
                assert await response.read() == small
                connections.add(response.headers["X-Connection"])

    assert len(connections) == 1


async def test_without_keep_alive_each_request_has_its_connection(
    http_url: str, small: bytes
) -> None:
    """S-107: `force_close` announces it, and does it."""
    connector = wherry.TCPConnector(force_close=True)
    async with wherry.ClientSession(connector=connector) as session:
        connections = set()
        for _ in range(3):
            async with session.get(f"{http_url}/small.txt") as response:
                assert await response.read() == small
                assert response.headers["Connection"] == "close"
                connections.add(response.headers["X-Connection"])
        assert connector.stats() == {}

    assert len(connections) == 3


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield bytes(65536)


@pytest.mark.parametrize("expect100", [True, False])
async def test_a_refused_upload_shows_the_refusal(
    session: wherry.ClientSession, http_url: str, small: bytes, expect100: bool
) -> None:
    """S-397, RFC 9112 §9.3: the answer comes in the middle of the upload, or instead of it."""
    url = f"{http_url}/no-uploads"
    data: bytes | AsyncIterator[bytes] = bytes(100_000) if expect100 else _endless()
    async with session.post(url, data=data, expect100=expect100) as response:
        assert response.status == 413
        assert b"Too Large" in await response.read()

    async with session.get(f"{http_url}/small.txt") as response:
        assert await response.read() == small


async def _body(session: wherry.ClientSession, url: str) -> bytes:
    async with session.get(url) as response:
        return await response.read()


# --- responses ----------------------------------------------------------------------------------


async def test_head_has_the_length_and_no_body(
    session: wherry.ClientSession, http_url: str, large: bytes
) -> None:
    """S-057: and the connection is good for the next request."""
    async with session.head(f"{http_url}/large.bin") as response:
        assert response.content_length == len(large)
        assert await response.read() == b""
        first = response.headers["X-Connection"]

    async with session.head(f"{http_url}/large.bin") as response:
        assert response.headers["X-Connection"] == first


async def test_not_modified_has_no_body(
    session: wherry.ClientSession, http_url: str, small: bytes
) -> None:
    """RFC 9110 §13.1.2: the entity tag of a response, sent back."""
    async with session.get(f"{http_url}/small.txt") as response:
        tag = response.headers["ETag"]

    async with session.get(f"{http_url}/small.txt", headers={"If-None-Match": tag}) as response:
        assert response.status == 304
        assert response.ok
        assert await response.read() == b""


async def test_a_range_is_what_was_asked_for(
    session: wherry.ClientSession, http_url: str, large: bytes
) -> None:
    """RFC 9110 §14.2."""
    async with session.get(f"{http_url}/large.bin", headers={"Range": "bytes=5-260"}) as response:
        assert response.status == 206
        assert response.headers["Content-Range"] == f"bytes 5-260/{len(large)}"
        assert await response.read() == large[5:261]


async def test_several_ranges_come_as_parts(
    session: wherry.ClientSession, http_url: str, large: bytes
) -> None:
    """RFC 9110 §14.6: a multipart response, read part by part while it arrives."""
    ranges = {"Range": "bytes=0-99,1000-1999"}
    async with session.get(f"{http_url}/large.bin", headers=ranges) as response:
        assert response.content_type == "multipart/byteranges"
        reader = wherry.MultipartReader(response.headers, response.content)
        parts = []
        while (part := await reader.next()) is not None:
            assert isinstance(part, wherry.BodyPartReader)
            parts.append((part.headers["Content-Range"], bytes(await part.read())))

    assert parts == [
        (f"bytes 0-99/{len(large)}", large[:100]),
        (f"bytes 1000-1999/{len(large)}", large[1000:2000]),
    ]


async def test_gzip_is_decoded(session: wherry.ClientSession, http_url: str, text: bytes) -> None:
    """S-069: nginx compresses on the fly and sends chunks of unknown number."""
    async with session.get(f"{http_url}/gzip/text.txt") as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert await response.read() == text


async def test_gzip_is_decoded_piece_by_piece(
    session: wherry.ClientSession, http_url: str, text: bytes
) -> None:
    """S-078: reading in steps of seven bytes gives the same."""
    async with session.get(f"{http_url}/gzip/text.txt") as response:
        pieces = [piece async for piece in response.content.iter_chunked(7)]

    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= 7


async def test_gzip_is_not_asked_for_without_accept_encoding(
    session: wherry.ClientSession, http_url: str, text: bytes
) -> None:
    """S-381: a skipped automatic field is really absent."""
    url = f"{http_url}/gzip/text.txt"
    async with session.get(url, skip_auto_headers=["Accept-Encoding"]) as response:
        assert "Content-Encoding" not in response.headers
        assert await response.read() == text


async def test_a_large_file_is_read_whole(
    session: wherry.ClientSession, http_url: str, large: bytes
) -> None:
    """Received straight into its buffer; the connection is used again."""
    async with session.get(f"{http_url}/large.bin") as response:
        first = response.headers["X-Connection"]
        assert await response.read() == large

    async with session.get(f"{http_url}/large.bin") as response:
        assert response.headers["X-Connection"] == first
        assert await response.read() == large


@pytest.mark.parametrize("size", [1, 1000, 65536, 10_000_000])
async def test_a_large_file_is_read_in_pieces(
    session: wherry.ClientSession, http_url: str, large: bytes, size: int
) -> None:
    """S-083: pieces no longer than asked for, in order, nothing lost."""
    seen = hashlib.sha256()
    count, longest = 0, 0
    wanted = 20_000 if size == 1 else len(large)
    async with session.get(f"{http_url}/large.bin") as response:
        async for piece in response.content.iter_chunked(size):
            seen.update(piece)
            count += len(piece)
            longest = max(longest, len(piece))
            if count >= wanted:
                break

    assert longest <= size
    assert seen.digest() == hashlib.sha256(large[:count]).digest()


async def test_large_files_at_once_do_not_mix(
    session: wherry.ClientSession, http_url: str, large: bytes
) -> None:
    """One receive buffer serves all connections of the loop; each body is its own."""
    starts = range(0, 200, 20)

    async def fetch(start: int) -> bool:
        headers = {"Range": f"bytes={start}-"}
        async with session.get(f"{http_url}/large.bin", headers=headers) as response:
            if start % 40:
                return await response.read() == large[start:]
            pieces = [piece async for piece in response.content.iter_any()]
            return b"".join(pieces) == large[start:]

    assert all(await asyncio.gather(*map(fetch, starts)))


async def test_json_has_its_content_type(session: wherry.ClientSession, http_url: str) -> None:
    """S-417."""
    async with session.get(f"{http_url}/data.json") as response:
        assert await response.json() == {"boats": ["wherry", "skiff"]}


async def test_a_redirect_is_followed_on_the_same_connection(
    session: wherry.ClientSession, http_url: str, small: bytes
) -> None:
    """S-450: the redirect's own page was read over."""
    async with session.get(f"{http_url}/moved") as response:
        assert await response.read() == small
        assert response.headers["X-Connection"] == response.history[0].headers["X-Connection"]


async def test_not_found_raises_where_asked(session: wherry.ClientSession, http_url: str) -> None:
    """S-421, S-422: and the connection lives on."""
    async with session.get(f"{http_url}/nowhere") as response:
        assert response.status == 404
        with pytest.raises(wherry.ClientResponseError, match="404"):
            response.raise_for_status()
        first = response.headers["X-Connection"]

    with pytest.raises(wherry.ClientResponseError) as caught:
        await session.get(f"{http_url}/nowhere", raise_for_status=True)
    assert caught.value.status == 404
    assert caught.value.headers is not None
    assert caught.value.headers["X-Connection"] == first


async def test_a_deadline_ends_a_slow_body(session: wherry.ClientSession, http_url: str) -> None:
    """S-427: three megabytes at 20 kB a second, and less than a second of patience."""
    async with session.get(f"{http_url}/limited/large.bin", timeout=0.7) as response:
        with pytest.raises(TimeoutError, match="total timed out"):
            await response.read()


# --- TLS ----------------------------------------------------------------------------------------


async def test_a_trusted_certificate_is_accepted(
    session: wherry.ClientSession, https_url: str, trusting: ssl.SSLContext, large: bytes
) -> None:
    """S-466: with keep-alive, small and large."""
    async with session.get(f"{https_url}/small.txt", ssl=trusting) as response:
        first = response.headers["X-Connection"]

    async with session.get(f"{https_url}/large.bin", ssl=trusting) as response:
        assert await response.read() == large
        assert response.headers["X-Connection"] == first


async def test_an_unknown_authority_is_refused(
    session: wherry.ClientSession, https_url: str
) -> None:
    """S-527: and the error says so."""
    with pytest.raises(wherry.ClientConnectorCertificateError) as caught:
        await session.get(f"{https_url}/small.txt")

    assert isinstance(caught.value.certificate_error, ssl.SSLCertVerificationError)
    assert isinstance(caught.value, wherry.ClientConnectorError)
    assert caught.value.host == "localhost"


async def test_a_certificate_for_another_name_is_refused(
    session: wherry.ClientSession, https_url: str, trusting: ssl.SSLContext
) -> None:
    """S-527: it is for `localhost`, not for the address."""
    url = https_url.replace("localhost", "127.0.0.1")
    with pytest.raises(wherry.ClientConnectorCertificateError, match=r"127\.0\.0\.1"):
        await session.get(f"{url}/small.txt", ssl=trusting)


async def test_the_name_to_check_can_be_given(
    session: wherry.ClientSession, https_url: str, trusting: ssl.SSLContext, small: bytes
) -> None:
    """S-467: `server_hostname` replaces the URL's host in the check."""
    url = https_url.replace("localhost", "127.0.0.1")
    async with session.get(
        f"{url}/small.txt", ssl=trusting, server_hostname="localhost"
    ) as response:
        assert await response.read() == small


async def test_verification_can_be_switched_off(
    session: wherry.ClientSession, https_url: str, small: bytes
) -> None:
    """S-466: for one request; the next one verifies, on a connection of its own."""
    async with session.get(f"{https_url}/small.txt", ssl=False) as response:
        assert await response.read() == small

    with pytest.raises(wherry.ClientConnectorCertificateError):
        await session.get(f"{https_url}/small.txt")


async def test_a_pinned_certificate_is_accepted(
    session: wherry.ClientSession, https_url: str, certificate_der: bytes, small: bytes
) -> None:
    """S-160: the digest replaces chain and name."""
    pin = wherry.Fingerprint(hashlib.sha256(certificate_der).digest())
    async with session.get(f"{https_url}/small.txt", ssl=pin) as response:
        assert await response.read() == small


async def test_another_certificate_than_the_pinned_one_is_refused(
    session: wherry.ClientSession, https_url: str, certificate_der: bytes
) -> None:
    """S-529: with both digests at hand."""
    pin = wherry.Fingerprint(bytes(32))
    with pytest.raises(wherry.ServerFingerprintMismatch) as caught:
        await session.get(f"{https_url}/small.txt", ssl=pin)

    assert caught.value.expected == bytes(32)
    assert caught.value.got == hashlib.sha256(certificate_der).digest()


async def test_tls_on_a_plain_port_is_refused(session: wherry.ClientSession, http_url: str) -> None:
    """S-528."""
    url = http_url.replace("http:", "https:")
    with pytest.raises(wherry.ClientConnectorSSLError):
        await session.get(f"{url}/small.txt")


async def test_plain_text_on_a_tls_port_is_answered_with_an_error(
    session: wherry.ClientSession, https_url: str
) -> None:
    """The server explains itself; the client shows it."""
    url = https_url.replace("https:", "http:").replace("localhost", "127.0.0.1")
    async with session.get(f"{url}/small.txt") as response:
        assert response.status == 400
        assert "HTTPS port" in await response.text()
