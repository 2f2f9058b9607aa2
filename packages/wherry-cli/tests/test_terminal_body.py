"""Bodies for the eye."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cli import _terminal_body
from wherry_cli._errors import CommandError, ExitStatus
from wherry_cli._terminal_body import TerminalBody, is_json


def shown(*pieces: bytes, content_type: str = "text/plain", charset: str | None = None) -> str:
    file = StringIO()
    body = TerminalBody(file, content_type, charset)
    for piece in pieces:
        body.write(piece)
    body.finish()
    return file.getvalue()


def test_text_ends_with_a_line_end() -> None:
    """So that the prompt starts in the first column; one that is there is enough."""
    assert shown(b"a") == shown(b"a\n") == "a\n"
    assert shown() == ""


def test_characters_may_be_cut_by_pieces() -> None:
    """The decoder waits for the rest."""
    assert shown("ü".encode()[:1], "ü".encode()[1:]) == "ü\n"


@pytest.mark.parametrize(
    ("charset", "text"),
    [("latin-1", "ü\n"), (None, "\ufffd\n"), ("no-such", "\ufffd\n"), ("hex", "\ufffd\n")],
)
def test_charset_is_used_if_it_is_one(charset: str | None, text: str) -> None:
    """An unknown one is taken for UTF-8, a codec that is not for text as well."""
    assert shown(b"\xfc", charset=charset) == text


def test_binary_is_refused() -> None:
    """A NUL is in no text; the message says where the body could go."""
    with pytest.raises(CommandError, match="--download") as caught:
        shown(b"a\0")

    assert caught.value.status is ExitStatus.LOCAL_FILE


@given(st.lists(st.binary().map(lambda data: data.replace(b"\0", b""))), st.booleans())
def test_no_control_character_gets_through(pieces: list[bytes], pretends_json: bool) -> None:
    """Neither C0 nor C1, whatever the body is."""
    text = shown(*pieces, content_type="application/json" if pretends_json else "text/plain")

    codes = {ord(char) for char in text} - set(map(ord, "\t\n\r"))
    assert not codes & {*range(0x20), *range(0x7F, 0xA0)}


def test_json_is_indented() -> None:
    """However it was cut."""
    text = shown(b'{"a":[1', b',"\xc3\xbc"]}', content_type="application/json")

    assert text == '{\n  "a": [\n    1,\n    "ü"\n  ]\n}\n'


@pytest.mark.parametrize("document", [b"{", b"[" * 100_000, b"\xff"])
def test_broken_json_is_shown_as_it_is(document: bytes) -> None:
    """Somebody wants to know what is wrong with it."""
    text = shown(document, content_type="application/json")

    assert text == f"{document.decode('utf-8', 'replace')}\n"


def test_huge_json_is_shown_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded."""
    monkeypatch.setattr(_terminal_body, "MAX_PRETTY", 4)

    assert shown(b"[1,2", b",3]", content_type="application/json") == "[1,2,3]\n"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", True),
        ("application/problem+JSON", True),
        ("text/json", False),
        ("application/jsonp", False),
        ("", False),
    ],
)
def test_json_types(content_type: str, expected: bool) -> None:
    """RFC 6839 §3.1."""
    assert is_json(content_type) is expected
