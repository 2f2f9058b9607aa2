"""What the demo server answers, without a server."""

import gzip
import hashlib
import json
from typing import Any

import pytest

from wherry_cli.demo._site import COOKIE, PAGES, POEM, TOKEN, answer
from wherry_codec import Request
from wherry_codec.testing import ResponsePlan
from wherry_websocket import handshake_fields, make_key


def asked(request: Request, body: bytes = b"") -> ResponsePlan:
    plan = answer(request, body)
    assert isinstance(plan, ResponsePlan)
    return plan


def document(plan: ResponsePlan) -> Any:  # whatever the page says
    assert isinstance(plan.body, bytes)
    return json.loads(plan.body)


def test_unknown_page_is_404_and_names_the_others() -> None:
    """A visitor with curl finds the way."""
    plan = asked(Request("GET", "/nowhere"))

    assert plan.status == 404
    assert document(plan)["pages"] == sorted(PAGES)


@pytest.mark.parametrize("path", PAGES)
def test_wrong_method_is_405_with_allow(path: str) -> None:
    """RFC 9110 §15.5.6."""
    plan = asked(Request("DELETE", path))

    assert plan.status == 405
    assert dict(plan.headers)["Allow"] == PAGES[path][0]


def test_head_is_allowed_where_get_is() -> None:
    """RFC 9110 §9.3.2."""
    assert asked(Request("HEAD", "/hello?x")).status == 200


def test_json_comes_back() -> None:
    """The document, not the bytes."""
    assert document(asked(Request("POST", "/echo"), b"[ 1 ]")) == {"you sent": [1]}


def test_json_that_is_none_is_400() -> None:
    """And the reason is told."""
    assert asked(Request("POST", "/echo"), b"{").status == 400


def test_upload_tells_what_arrived() -> None:
    """A text and a file, by the multipart parser."""
    body = (
        b'--b\r\nContent-Disposition: form-data; name="t"\r\n\r\ntext\r\n'
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="x.bin"\r\n'
        b"Content-Type: image/x\r\n\r\n\0\1\r\n--b--\r\n"
    )
    fields = {"Content-Type": "multipart/form-data; boundary=b"}

    said = document(asked(Request("POST", "/upload", fields), body))

    digest = hashlib.sha256(b"\0\1").hexdigest()
    assert said["parts"] == [
        {"name": "t", "type": None, "size": 4, "text": "text"},
        {"name": "f", "type": "image/x", "size": 2, "filename": "x.bin", "sha256": digest},
    ]


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=other"])
def test_upload_that_is_no_form_is_400(content_type: str) -> None:
    """No boundary, or a body without it."""
    request = Request("POST", "/upload", {"Content-Type": content_type})

    assert asked(request, b"--b\r\n\r\n--b--\r\n").status == 400


def test_login_sets_a_cookie_and_redirects() -> None:
    """To the page that tells which cookie came."""
    fields = dict(asked(Request("GET", "/login")).headers)

    assert fields["Location"] == "/account"
    assert fields["Set-Cookie"].startswith(f"{COOKIE}={TOKEN};")


def test_poem_is_compressed_only_for_those_who_can_take_it() -> None:
    """RFC 9110 §12.5.3."""
    plain = asked(Request("GET", "/poem"))
    small = asked(Request("GET", "/poem", {"Accept-Encoding": "br, gzip"}))

    assert plain.body == POEM.encode()
    assert isinstance(small.body, bytes)
    assert gzip.decompress(small.body) == POEM.encode()


def test_chat_accepts_a_handshake_and_refuses_the_rest() -> None:
    """RFC 6455 §4.2: 101 for an opening handshake, 400 for a plain GET."""
    shaking = Request("GET", "/chat", handshake_fields(make_key()))

    assert asked(shaking).status == 101
    assert asked(Request("GET", "/chat")).status == 400
