"""`_fields`: which fields a request carries, in which order, with which framing."""

import enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, istr

from wherry import BytesPayload
from wherry._fields import (
    SERVER_SOFTWARE,
    Extras,
    as_headers,
    body_fields,
    compose_fields,
    merge_headers,
)

Pairs = list[tuple[str, str]]
BAD_LENGTHS = ("", "+1", "-1", "1_0", "٣", "0x1", " 1", "1, 1")


def composed(
    given_fields: Pairs, body: BytesPayload | None = None, method: str = "GET", **extras: object
) -> Pairs:
    made = Extras("h.example", **extras)  # type: ignore[arg-type]  # passed on
    return list(compose_fields(method, CIMultiDict(given_fields), body, made).items())


def names(fields: Pairs) -> list[str]:
    return [name for name, _ in fields]


def test_all_fields_come_in_the_documented_order() -> None:
    """S-378."""
    fields = composed(
        [("X-A", "1"), ("x-b", "2")],
        BytesPayload(b"body", content_type="text/x"),
        "POST",
        cookie="a=b",
        authorization="Basic x",
        expects_continue=True,
        closes=True,
    )

    assert names(fields) == [
        "Host", "X-A", "x-b", "Accept", "Accept-Encoding", "User-Agent", "Cookie", "Authorization",
        "Content-Length", "Content-Type", "Expect", "Connection",
    ]  # fmt: skip


def test_the_user_agent_names_python_and_wherry() -> None:
    """S-024."""
    assert dict(composed([]))["User-Agent"] == SERVER_SOFTWARE
    assert SERVER_SOFTWARE.startswith("Python/3.")


def test_a_host_of_the_caller_stays_first_and_alone() -> None:
    """S-380, SEC-4."""
    fields = composed([("X-A", "1"), ("hOST", "other"), ("Host", "third")])

    assert fields[0] == ("Host", "other")
    assert names(fields).count("Host") == 1


@pytest.mark.parametrize("host", ["", "h", "h:80", "[::1]:80", "a_b.example", "127.0.0.1:"])
def test_a_host_of_any_valid_form_is_taken(host: str) -> None:
    """S-380."""
    assert composed([("Host", host)])[0] == ("Host", host)


@pytest.mark.parametrize("name", ["accept", "ACCEPT-ENCODING", "User-agent"])
def test_an_automatic_field_that_was_given_is_not_added(name: str) -> None:
    fields = composed([(name, "mine")])

    assert [value for each, value in fields if each.lower() == name.lower()] == ["mine"]


def test_skipped_automatic_fields_are_left_out() -> None:
    """S-381: also the Content-Type that the body brings."""
    skip = frozenset({"accept", "accept-encoding", "user-agent", "content-type", "host",
                      "content-length"})  # fmt: skip

    fields = composed([], BytesPayload(b"x"), "POST", skip=skip)

    assert names(fields) == ["Host", "Content-Length"]
    assert names(composed([], None, "POST", skip=skip)) == ["Host", "Content-Length"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"])
def test_a_method_without_body_sends_no_length(method: str) -> None:
    """S-385."""
    assert "Content-Length" not in names(composed([], None, method))


@pytest.mark.parametrize(
    ("method", "content_type"),
    [("POST", True), ("PUT", True), ("PATCH", True), ("DELETE", False), ("X-OTHER", False)],
)
def test_another_method_without_body_says_that_it_has_none(method: str, content_type: bool) -> None:
    """S-385."""
    fields = dict(composed([], None, method))

    assert fields["Content-Length"] == "0"
    assert (fields.get("Content-Type") == "application/octet-stream") is content_type


def test_a_content_type_of_the_caller_wins_over_the_payloads() -> None:
    """S-388."""
    fields = composed([("content-type", "text/mine")], BytesPayload(b"x"), "POST")

    assert [v for n, v in fields if n.lower() == "content-type"] == ["text/mine"]


def test_a_whole_body_is_no_attachment() -> None:
    """S-391."""
    headers = {"Content-Disposition": "attachment", "Content-Length": "9", "X-Own": "1"}
    body = BytesPayload(b"x", headers={**headers, "Transfer-Encoding": "chunked"})

    assert [name for name, _ in body_fields(body)] == ["Content-Type", "X-Own"]


def test_chunked_replaces_the_length() -> None:
    """S-395."""
    fields = dict(composed([], BytesPayload(b"x"), "POST", is_chunked=True))

    assert fields["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in fields
    assert dict(composed([], None, is_chunked=True))["Transfer-Encoding"] == "chunked"


@pytest.mark.parametrize(
    ("fields", "is_chunked"),
    [
        ([("Content-Length", "1")], True),
        ([("Transfer-Encoding", "chunked")], True),
        ([("Transfer-Encoding", "chunked"), ("Content-Length", "1")], False),
        ([("Transfer-Encoding", "chunked"), ("transfer-encoding", "chunked")], False),
        ([("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "gzip")], False),
        ([("Transfer-Encoding", "gzip, chunked")], False),
        ([("Content-Length", "1"), ("content-length", "1")], False),
        *(
            ([("Content-Length", bad)], False)
            for bad in ("", "+1", "-1", "1_0", "٣", "0x1", " 1", "1, 1")
        ),
    ],
)
def test_contradictory_framing_is_refused(fields: Pairs, is_chunked: bool) -> None:
    """S-387, S-395, S-396, S-515, SEC-4, SEC-8."""
    with pytest.raises(ValueError, match=r"Content-Length|Transfer-Encoding|chunked"):
        composed(fields, BytesPayload(b"x"), "POST", is_chunked=is_chunked)


@pytest.mark.parametrize(
    ("closes", "minor", "expected"),
    [(True, 1, "close"), (False, 1, None), (True, 0, None), (False, 0, "keep-alive")],
)
def test_connection_is_said_only_where_it_is_not_the_default(
    closes: bool, minor: int, expected: str | None
) -> None:
    """S-382."""
    assert dict(composed([], closes=closes, minor=minor)).get("Connection") == expected


def test_a_field_of_the_request_takes_the_place_of_the_sessions() -> None:
    """S-378, S-379."""
    base = CIMultiDict([("A", "1"), ("B", "2"), ("b", "3"), ("C", "4")])
    changes = CIMultiDict([("D", "5"), ("B", "6"), ("b", "7")])

    merged = list(merge_headers(base, changes).items())

    assert merged == [("A", "1"), ("B", "6"), ("b", "7"), ("C", "4"), ("D", "5")]


def test_nothing_is_expected_without_content() -> None:
    """RFC 9110 §10.1.1."""
    assert "Expect" not in names(composed([], None, "POST", expects_continue=True))
    assert "Expect" in names(composed([], BytesPayload(b""), "POST", expects_continue=True))
    assert "Expect" in names(composed([], None, is_chunked=True, expects_continue=True))


@pytest.mark.parametrize(
    ("fields", "extras"), [([], {"is_chunked": True}), ([("Transfer-Encoding", "chunked")], {})]
)
def test_chunks_need_http_1_1(fields: Pairs, extras: dict[str, Any]) -> None:
    """RFC 9112 §6.1."""
    with pytest.raises(ValueError, match=r"HTTP/1\.0"):
        composed(fields, BytesPayload(b"x"), "POST", minor=0, **extras)
    assert dict(composed([], BytesPayload(b"x"), "POST", minor=0))["Content-Length"] == "1"


_fields = st.lists(st.tuples(st.sampled_from(["A", "a", "B", "C"]), st.text("xyz", max_size=2)))


@given(_fields, _fields)
def test_merging_keeps_every_field_of_the_request_in_order(base: Pairs, changes: Pairs) -> None:
    """S-379."""
    merged = merge_headers(CIMultiDict(base), CIMultiDict(changes))

    for name in "ABC":
        wanted = [v for n, v in changes if n.upper() == name]
        wanted = wanted or [v for n, v in base if n.upper() == name]
        assert merged.getall(name, []) == wanted


@pytest.mark.parametrize(
    "headers",
    [
        {"A": "1"},
        CIMultiDict(A="1"),
        [("A", "1")],
        iter([("A", "1")]),
        (pair for pair in [("A", "1")]),
    ],
)
def test_headers_may_have_any_of_the_usual_forms(headers: Pairs) -> None:
    """S-354."""
    assert list(as_headers(headers).items()) == [("A", "1")]


@pytest.mark.parametrize("value", [1, None, b"x"])
def test_a_header_value_that_is_not_text_is_refused(value: Any) -> None:
    """S-028, S-511."""
    with pytest.raises(TypeError, match="must be str"):
        as_headers({"Content-Length": value})


class Disguised(str):
    """Text that passes for something else when it is formatted."""

    def __str__(self) -> str:
        return "a\r\nInjected: 1"

    __format__ = None  # type: ignore[assignment]  # and cannot be formatted


class Name(enum.StrEnum):
    OWN = "X-Own"


class Old(str, enum.Enum):  # noqa: UP042 - the form that formats as "Old.VALUE"
    VALUE = "value"


def test_the_text_of_a_text_type_goes_out_not_what_it_says_it_is() -> None:
    """SEC-1."""
    made = as_headers({Name.OWN: Old.VALUE, Disguised("X-B"): Disguised("clean"), istr("X-C"): "c"})

    assert list(made.items()) == [("X-Own", "value"), ("X-B", "clean"), ("X-C", "c")]
    assert all(type(text) in (str, istr) for item in made.items() for text in item)
