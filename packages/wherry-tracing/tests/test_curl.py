"""The text of a curl command. That curl understands it is tested with curl itself, elsewhere."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry_tracing.curl import FormFile, FormText, RequestFacts, to_curl


def words(command: str) -> list[str]:
    """The command as a shell takes it apart; shlex knows no lines that go on."""
    return shlex.split(command.replace(" \\\n  ", " "))


def test_command_of_a_plain_request() -> None:
    """Fields that curl would add by itself are taken away."""
    facts = RequestFacts("GET", URL("http://h:81/a?b=c"), (("Host", "h:81"), ("Accept", "*/*")))

    assert words(to_curl(facts)) == [
        *("curl", "--http1.1", "--globoff", "--path-as-is"),
        *("-H", "Accept: */*", "-H", "User-Agent:", "--url", "http://h:81/a?b=c"),
    ]


def test_secrets_are_hidden_unless_asked_for() -> None:
    """SEC-60."""
    fields = (
        ("Authorization", "Bearer hush"),
        ("Cookie", "sid=hush"),
        ("Proxy-Authorization", "Basic hush"),
        ("X-Mine", "hush"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    )
    facts = RequestFacts(
        "POST", "http://me:hush@h/?token=hush&a=b", fields, b"password=hush&user=me"
    )

    hidden = to_curl(facts, secret_headers=["x-mine"])

    assert "hush" not in hidden
    assert "user=me" in hidden
    assert to_curl(facts, shows_secrets=True).count("hush") == 7


@given(st.text(max_size=40), st.binary(max_size=60))
def test_nothing_escapes_the_quotes(value: str, body: bytes) -> None:
    """Whatever a request is made of, the shell sees the same words, or one pipe before them."""
    facts = RequestFacts("POST", "http://h/", (("X-A", value),), body)
    try:
        command = to_curl(facts, shows_secrets=True)
    except ValueError:
        assert any(ord(c) < 32 or ord(c) == 127 for c in value)
        return

    found = words(command)

    assert f"X-A: {value}" in found or (not value and "X-A;" in found)
    assert found[0] == "curl" or (found[0], found[2:4]) == ("printf", ["|", "curl"])


@given(st.binary(min_size=1, max_size=300))
def test_printf_prints_the_very_bytes(body: bytes) -> None:
    """POSIX printf: three octal digits, and no character with a meaning."""
    command = to_curl(RequestFacts("POST", "http://h/", (), b"\0" + body))
    text = shlex.split(command)[1]

    printed = bytearray()
    while text:
        if text[0] == "\\":
            printed.append(int(text[1:4], 8))
            text = text[4:]
        else:
            assert text[0] not in "%'"
            printed += text[0].encode("ascii")
            text = text[1:]

    assert bytes(printed) == b"\0" + body


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_field_that_would_be_two_is_refused(value: str) -> None:
    """It would be sent as it is."""
    with pytest.raises(ValueError, match="'X-A'"):
        to_curl(RequestFacts("GET", "http://h/", (("X-A", value),)))


def test_form_and_options() -> None:
    """-F with its own quotes, and the boundary left to curl."""
    form = (FormText("a", "@b"), FormFile("f", 'x".bin'), FormFile("g", "y", "text/plain", "z;z"))
    facts = RequestFacts("PUT", "http://h/", (("Content-Type", "multipart/form-data; b=x"),), form)

    found = words(to_curl(facts, options=[["--insecure"], ["--proxy", "http://p"]]))

    assert found[4:9] == ["-X", "PUT", "--insecure", "--proxy", "http://p"]
    assert found[-8:-2] == [
        *("--form-string", "a=@b", "-F", 'f=@"x\\".bin"'),
        *("-F", 'g=@"y";type=text/plain;filename="z;z"'),
    ]
    assert "multipart" not in " ".join(found)
