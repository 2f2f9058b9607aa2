"""The client against httpbin, which says back what it was sent."""

import io
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import wherry

pytestmark = pytest.mark.network


# --- what is sent -------------------------------------------------------------------------------


async def test_the_query_arrives(session: wherry.ClientSession, httpbin: str) -> None:
    """S-374: behind the one in the URL, any script."""
    params = [("b", "2"), ("b", "3"), ("ship", "Fähre ⛴")]
    async with session.get(f"{httpbin}/get?a=1", params=params) as response:
        answer = await response.json()

    assert answer["args"] == {"a": "1", "b": ["2", "3"], "ship": "Fähre ⛴"}


async def test_headers_arrive(session: wherry.ClientSession, httpbin: str) -> None:
    """S-377: the caller's and the automatic ones."""
    async with session.get(f"{httpbin}/headers", headers={"X-Boat": "wherry"}) as response:
        headers = (await response.json())["headers"]

    assert headers["X-Boat"] == "wherry"
    assert headers["Accept"] == "*/*"
    assert headers["Host"] == httpbin.removeprefix("http://")
    assert "wherry" in headers["User-Agent"]


async def test_json_arrives(session: wherry.ClientSession, httpbin: str) -> None:
    """S-392."""
    sent = {"name": "œuvre", "oars": [1, 2.5, None, True]}
    async with session.post(f"{httpbin}/post", json=sent) as response:
        answer = await response.json()

    assert answer["json"] == sent
    assert answer["headers"]["Content-Type"] == "application/json"


async def test_a_form_arrives(session: wherry.ClientSession, httpbin: str) -> None:
    """S-295: urlencoded, repeated names kept."""
    form = wherry.FormData([("boat", "wherry & skiff"), ("oar", "left"), ("oar", "ÿ")])
    async with session.post(f"{httpbin}/post", data=form) as response:
        answer = await response.json()

    assert answer["form"] == {"boat": "wherry & skiff", "oar": ["left", "ÿ"]}
    assert answer["headers"]["Content-Type"] == "application/x-www-form-urlencoded"


async def test_bytes_arrive(session: wherry.ClientSession, httpbin: str) -> None:
    """S-386: larger than one write."""
    sent = b"0123456789abcdef" * 20_000
    async with session.put(f"{httpbin}/put", data=sent) as response:
        answer = await response.json()

    assert answer["data"].encode() == sent
    assert answer["headers"]["Content-Length"] == str(len(sent))


async def test_a_multipart_form_arrives(
    session: wherry.ClientSession, httpbin: str, tmp_path: Path
) -> None:
    """S-297: a text field and a file that is read while it is sent."""
    (tmp_path / "größe.txt").write_text("zwölf Fuß\n" * 30_000, "utf-8")
    form = wherry.FormData()
    form.add_field("title", "length of a boat")
    form.add_field("file", tmp_path / "größe.txt", content_type="text/plain")
    async with session.post(f"{httpbin}/post", data=form) as response:
        answer = await response.json()

    assert answer["form"] == {"title": "length of a boat"}
    assert answer["files"] == {"file": "zwölf Fuß\n" * 30_000}


async def test_a_file_in_a_dictionary_becomes_an_upload(
    session: wherry.ClientSession, httpbin: str
) -> None:
    """S-294: any value that is a file makes the form multipart."""
    async with session.post(
        f"{httpbin}/post", data={"note": "a", "file": io.BytesIO(b"content")}
    ) as response:
        answer = await response.json()

    assert answer["form"] == {"note": "a"}
    assert answer["files"] == {"file": "content"}


async def test_an_async_iterable_arrives_in_chunks(
    session: wherry.ClientSession, httpbin: str
) -> None:
    """S-386: without a length."""

    async def rows() -> AsyncIterator[bytes]:
        for number in range(100):
            yield b"row %d\n" % number

    async with session.post(f"{httpbin}/post", data=rows()) as response:
        answer = await response.json()

    assert answer["data"] == "".join(f"row {number}\n" for number in range(100))
    assert answer["headers"]["Transfer-Encoding"] == "chunked"


async def test_a_body_waits_for_the_word_to_go_on(
    session: wherry.ClientSession, httpbin: str
) -> None:
    """S-397, RFC 9110 §10.1.1; this server says it twice, which RFC 9110 §15.2 allows."""
    async with session.post(f"{httpbin}/post", data=b"abc" * 1000, expect100=True) as response:
        answer = await response.json()
        assert {head.status for head in response.informational} == {100}

    assert answer["data"] == "abc" * 1000
    assert answer["headers"]["Expect"] == "100-continue"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_each_method_arrives(
    session: wherry.ClientSession, httpbin: str, method: str
) -> None:
    """S-365."""
    url = f"{httpbin}/{method.lower()}"
    async with session.request(method, url, json={"method": method}) as response:
        assert (await response.json())["json"] == {"method": method}


# --- cookies ------------------------------------------------------------------------------------


async def test_cookies_are_kept_and_sent(httpbin: str) -> None:
    """S-207: from a redirect response on to the page behind it, and to later requests."""
    jar = wherry.CookieJar(unsafe=True)  # the server has an address for a name
    async with wherry.ClientSession(cookie_jar=jar, cookies={"mine": "yes"}) as session:
        async with session.get(f"{httpbin}/cookies/set?theirs=also") as response:
            assert (await response.json())["cookies"] == {"mine": "yes", "theirs": "also"}
        async with session.get(f"{httpbin}/cookies", cookies={"once": "now"}) as response:
            kept = {"mine": "yes", "theirs": "also", "once": "now"}
            assert (await response.json())["cookies"] == kept
        async with session.get(f"{httpbin}/cookies/delete?theirs=") as response:
            assert (await response.json())["cookies"] == {"mine": "yes"}


async def test_a_server_with_an_address_for_a_name_sets_no_cookies(
    session: wherry.ClientSession, httpbin: str
) -> None:
    """S-183: unless the jar is told to allow it."""
    async with session.get(f"{httpbin}/cookies/set?theirs=also") as response:
        assert (await response.json())["cookies"] == {}


# --- redirects ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["absolute-redirect", "relative-redirect", "redirect"])
async def test_a_chain_of_redirects_is_followed(
    session: wherry.ClientSession, httpbin: str, kind: str
) -> None:
    """S-436, S-440: absolute and relative targets, all hops in the history."""
    async with session.get(f"{httpbin}/{kind}/3") as response:
        assert response.status == 200
        assert [hop.status for hop in response.history] == [302, 302, 302]
        assert response.url.path == "/get"


async def test_too_many_redirects_are_refused(session: wherry.ClientSession, httpbin: str) -> None:
    """S-443."""
    with pytest.raises(wherry.TooManyRedirects) as caught:
        await session.get(f"{httpbin}/redirect/5", max_redirects=3)

    assert len(caught.value.history) == 3


@pytest.mark.parametrize(
    ("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
)
async def test_a_redirected_post(
    session: wherry.ClientSession, httpbin: str, status: int, method: str
) -> None:
    """S-437: becomes a GET without body, or is sent again as it was."""
    url = f"{httpbin}/redirect-to?url=/anything&status_code={status}"
    async with session.post(url, data={"boat": "wherry"}) as response:
        answer = await response.json()

    assert answer["method"] == method
    assert answer["form"] == ({"boat": "wherry"} if method == "POST" else {})
    assert ("Content-Type" in answer["headers"]) is (method == "POST")


async def test_redirects_can_be_left_alone(session: wherry.ClientSession, httpbin: str) -> None:
    """S-436."""
    async with session.get(f"{httpbin}/redirect/1", allow_redirects=False) as response:
        assert response.status == 302
        assert response.headers["Location"] == "/get"


# --- credentials --------------------------------------------------------------------------------


async def test_basic_credentials_are_accepted(session: wherry.ClientSession, httpbin: str) -> None:
    """S-456, S-458: as an argument or in the URL, where nobody sees them afterwards."""
    auth = wherry.BasicAuth("ann", "tell no-one")
    async with session.get(f"{httpbin}/hidden-basic-auth/ann/tell%20no-one", auth=auth) as response:
        assert (await response.json())["user"] == "ann"

    url = httpbin.replace("http://", "http://ann:secret@")
    async with session.get(f"{url}/basic-auth/ann/secret") as response:
        assert response.status == 200
        assert response.url.raw_user is response.url.raw_password is None
        assert "ann:" not in f"{response!r}{response.request_info.real_url}"


async def test_wrong_credentials_are_refused(session: wherry.ClientSession, httpbin: str) -> None:
    """The 401 is the caller's to see."""
    auth = wherry.BasicAuth("ann", "wrong")
    async with session.get(f"{httpbin}/basic-auth/ann/secret", auth=auth) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Basic")


# --- what comes back ----------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "deflate", "brotli"])
async def test_coded_bodies_are_decoded(
    session: wherry.ClientSession, httpbin: str, coding: str
) -> None:
    """S-069."""
    async with session.get(f"{httpbin}/{coding}") as response:
        answer = await response.json()

    mark = {"gzip": "gzipped", "deflate": "deflated", "brotli": "brotli"}[coding]
    assert answer[mark] is True


async def test_a_coded_body_can_be_had_as_it_came(
    session: wherry.ClientSession, httpbin: str
) -> None:
    """S-069: `auto_decompress=False`."""
    async with session.get(f"{httpbin}/gzip", auto_decompress=False) as response:
        assert (await response.read()).startswith(b"\x1f\x8b")


async def test_lines_are_read_as_they_come(session: wherry.ClientSession, httpbin: str) -> None:
    """S-085: a chunked stream of JSON lines."""
    async with session.get(f"{httpbin}/stream/20") as response:
        lines = [line async for line in response.content]

    assert len(lines) == 20
    assert all(line.endswith(b"}\n") for line in lines)


async def test_chunks_are_told_apart(session: wherry.ClientSession, httpbin: str) -> None:
    """S-088: `iter_chunks` says where the server's chunks ended."""
    url = f"{httpbin}/stream-bytes/5000?chunk_size=1000&seed=1"
    async with session.get(url) as response:
        sizes = [0]
        async for data, is_end in response.content.iter_chunks():
            sizes[-1] += len(data)
            if is_end:
                sizes.append(0)

    assert sizes == [1000, 1000, 1000, 1000, 1000, 0]


async def test_bytes_come_unchanged(session: wherry.ClientSession, httpbin: str) -> None:
    """The same seed twice, read in two ways."""
    async with session.get(f"{httpbin}/bytes/100000?seed=7") as response:
        whole = await response.read()
    async with session.get(f"{httpbin}/bytes/100000?seed=7") as response:
        pieces = [await response.content.readexactly(1000) for _ in range(100)]

    assert len(whole) == 100_000
    assert b"".join(pieces) == whole


async def test_text_is_decoded(session: wherry.ClientSession, httpbin: str) -> None:
    """S-415."""
    async with session.get(f"{httpbin}/encoding/utf8") as response:
        text = await response.text()
        assert response.get_encoding() == "utf-8"

    assert "∮ E⋅da = Q" in text


@pytest.mark.parametrize("status", [200, 201, 204, 400, 404, 418, 429, 500, 503])
async def test_a_status_arrives(session: wherry.ClientSession, httpbin: str, status: int) -> None:
    """S-401, S-421."""
    async with session.get(f"{httpbin}/status/{status}") as response:
        assert response.status == status
        assert response.ok is (status < 400)
        if status >= 400:
            with pytest.raises(wherry.ClientResponseError) as caught:
                response.raise_for_status()
            assert caught.value.status == status


async def test_another_type_than_json_is_refused(
    session: wherry.ClientSession, httpbin: str
) -> None:
    """S-418."""
    async with session.get(f"{httpbin}/html") as response:
        with pytest.raises(wherry.ContentTypeError, match="text/html"):
            await response.json()


# --- time ---------------------------------------------------------------------------------------


async def test_a_slow_answer_is_not_waited_for(session: wherry.ClientSession, httpbin: str) -> None:
    """S-427: and the session goes on."""
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="total timed out"):
        await session.get(f"{httpbin}/delay/10", timeout=0.5)
    assert time.monotonic() - started < 5

    async with session.get(f"{httpbin}/get") as response:
        assert response.status == 200


async def test_silence_is_not_waited_for(session: wherry.ClientSession, httpbin: str) -> None:
    """S-430: between two pieces of the body."""
    timeout = wherry.ClientTimeout(sock_read=0.9)
    url = f"{httpbin}/drip?numbytes=3&duration=9&delay=0"
    async with session.get(url, timeout=timeout) as response:
        assert await response.content.read(1) == b"*"
        with pytest.raises(wherry.SocketTimeoutError, match="sock_read"):
            await response.content.read(1)


@pytest.mark.slow
async def test_a_slow_body_that_keeps_coming_is_read(
    session: wherry.ClientSession, httpbin: str
) -> None:
    """S-430: each piece starts the clock anew."""
    timeout = wherry.ClientTimeout(sock_read=3)
    url = f"{httpbin}/drip?numbytes=5&duration=4&delay=0"
    async with session.get(url, timeout=timeout) as response:
        assert await response.read() == b"*****"
