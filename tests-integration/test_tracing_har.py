"""A recorded session as HAR 1.2, against the format's JSON schema."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

import wherry
from wherry_cli.demo._server import LocalServer
from wherry_codec import Request
from wherry_codec.testing import ResponsePlan
from wherry_tracing.har import HarRecorder

pytestmark = pytest.mark.network

SCHEMA = json.loads((Path(__file__).parent / "peers" / "har-schema.json").read_text("utf-8"))
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "null": type(None),
}


def violations(value: Any, schema: dict[str, Any], place: str = "har") -> list[str]:
    """Where `value` is not as the schema has it; of its keywords, those that har-schema uses."""
    if "$ref" in schema:
        return violations(value, SCHEMA["definitions"][schema["$ref"].rstrip("#")], place)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema and all(violations(value, each, place) for each in schema[keyword]):
            return [f"{place}: none of {schema[keyword]}"]
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        return [f"{place}: {value!r:.60} is no {schema['type']}"]
    found = []
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{place}: {value!r:.60} does not match {schema['pattern']}")
    if isinstance(value, int | float) and value < schema.get("min", value):
        found.append(f"{place}: {value} is below {schema['min']}")
    if isinstance(value, list) and "items" in schema:
        for position, each in enumerate(value):
            found += violations(each, schema["items"], f"{place}[{position}]")
    if isinstance(value, dict):
        found += [f"{place}: no {name}" for name in schema.get("required", ()) if name not in value]
        for name, each in schema.get("properties", {}).items():
            if name in value:
                found += violations(value[name], each, f"{place}.{name}")
    return found


def answer(request: Request, body: bytes) -> ResponsePlan:
    """A redirect that sets a cookie, bytes that are no text, an echo of JSON."""
    if request.target.startswith("/login"):
        fields = [("Location", "/home?token=hush&a=b"), ("Set-Cookie", "sid=hush; Path=/")]
        return ResponsePlan(302, fields)
    if request.target.startswith("/bytes"):
        return ResponsePlan(200, [("Content-Type", "image/x-boat")], bytes(range(256)))
    return ResponsePlan(200, [("Content-Type", "text/plain; charset=utf-8")], "ahöy".encode())


async def record(recorder: HarRecorder, *, is_attached: bool = False) -> None:
    """Requests of several kinds, with secrets everywhere."""
    configs = None if is_attached else [recorder.trace_config]
    async with (
        LocalServer(answer) as server,
        wherry.ClientSession(
            trace_configs=configs, cookie_jar=wherry.CookieJar(unsafe=True)
        ) as session,
    ):
        if is_attached:
            await session.get(server.url)  # not recorded
            with recorder.recording(session):
                await talk(session, server.url)
            await session.get(server.url)
        else:
            await talk(session, server.url)


async def talk(session: wherry.ClientSession, url: str) -> None:
    form = {"user": "me", "password": "hush"}
    headers = {"Authorization": "Bearer hush", "X-Key": "hush"}
    async with session.post(f"{url}/login", data=form, headers=headers) as response:
        await response.read()
    async with session.get(f"{url}/bytes?api_key=hush") as response:
        await response.read()
    with pytest.raises(wherry.ClientConnectorError):
        await session.get("http://127.0.0.1:1/", proxy="http://me:hush@127.0.0.1:1")


@pytest.mark.parametrize("is_attached", [False, True])
async def test_har_of_a_session_is_as_its_schema_has_it(is_attached: bool) -> None:
    """HAR 1.2: an entry for each request, redirects and failures included."""
    recorder = HarRecorder(max_body=1000)

    await record(recorder, is_attached=is_attached)
    har = recorder.har()

    assert violations(har, SCHEMA["definitions"]["har.json"]) == []
    assert [entry["response"]["status"] for entry in har["log"]["entries"]] == [302, 200, 200, 0]
    login, home, picture, failed = har["log"]["entries"]
    assert login["response"]["redirectURL"] == "/home?token=***&a=b"
    assert home["response"]["content"]["text"] == "ahöy"
    assert picture["response"]["content"]["encoding"] == "base64"
    assert failed["_error"].startswith("ClientProxyConnectionError")
    for entry in har["log"]["entries"]:
        spent = {n: ms for n, ms in entry["timings"].items() if ms > 0 and n != "ssl"}
        assert entry["time"] == pytest.approx(sum(spent.values()))


async def test_secrets_are_hidden_unless_they_are_asked_for(tmp_path: Path) -> None:
    """SEC-60: Authorization, Cookie, Set-Cookie, userinfo, secrets in queries and in forms."""
    careful = HarRecorder(max_body=1000, secret_headers=["x-key"])
    frank = HarRecorder(max_body=1000, shows_secrets=True)

    await record(careful)
    await record(frank)
    careful.save(tmp_path / "session.har")

    text = (tmp_path / "session.har").read_text("utf-8")
    assert "hush" not in text
    assert json.loads(text)["log"]["entries"][0]["request"]["postData"]["text"] == (
        "user=me&password=***"
    )
    assert json.dumps(frank.har()).count("hush") >= 10
    assert violations(frank.har(), SCHEMA["definitions"]["har.json"]) == []
    if os.name == "posix":
        assert (tmp_path / "session.har").stat().st_mode & 0o077 == 0


async def test_bodies_are_left_out_by_default_and_calls_are_bounded() -> None:
    """A recorder that was forgotten does not fill the memory."""
    recorder = HarRecorder(max_calls=1)

    await record(recorder)
    entries = recorder.har()["log"]["entries"]

    assert len(entries) == 2  # one call, and where its redirect led
    assert entries[0]["request"]["postData"] == {
        "mimeType": "application/x-www-form-urlencoded",
        "text": "",
        "comment": "the body was not recorded",
    }
    assert "text" not in entries[1]["response"]["content"]
    assert entries[1]["response"]["content"]["size"] == 5
    assert entries[0]["request"]["bodySize"] == 21
