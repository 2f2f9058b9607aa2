"""Parameters of a header value, from any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_multipart._parameters import scan_parameters

TOKEN = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1)


@pytest.mark.parametrize(
    ("text", "value", "parameters", "rest"),
    [
        ("a", "a", [], ""),
        (" a ; b=c", "a", [("b", "c", False)], ""),
        ("a;B = c ; d=e", "a", [("b", "c", False), ("d", "e", False)], ""),
        ('a; b="c;d=e"', "a", [("b", "c;d=e", True)], ""),
        ('a; b="c\\"\\\\d"', "a", [("b", 'c"\\d', True)], ""),
        ('a; b=""', "a", [("b", "", True)], ""),
        ("a; b=", "a", [("b", "", False)], ""),
        ("a; b=c;", "a", [("b", "c", False)], ";"),
        ("a; b=c d", "a", [], " b=c d"),
        ('a; b=c; d="e', "a", [("b", "c", False)], ' d="e'),
        ("a; =c", "a", [("", "c", False)], ""),
        ("a; b=c:d/e?f", "a", [("b", "c:d/e?f", False)], ""),
        ("", "", [], ""),
    ],
)
def test_text_is_taken_apart(
    text: str, value: str, parameters: list[tuple[str, str, bool]], rest: str
) -> None:
    """RFC 9110 §5.6.6: names in lower case, quoted strings unescaped, and where sense ends."""
    parsed = scan_parameters(text)

    assert parsed.value == value
    assert [tuple(parameter) for parameter in parsed.parameters] == parameters
    assert parsed.rest == rest


@given(value=TOKEN, pairs=st.lists(st.tuples(TOKEN, st.text())))
def test_quoted_parameters_come_back(value: str, pairs: list[tuple[str, str]]) -> None:
    """Whatever is quoted and escaped is found again."""
    text = value
    for name, content in pairs:
        escaped = content.replace("\\", "\\\\").replace('"', '\\"')
        text += f'; {name}="{escaped}"'

    parsed = scan_parameters(text)

    assert parsed.value == value
    assert parsed.parameters == [(name.lower(), content, True) for name, content in pairs]
    assert parsed.rest == ""


@given(text=st.text(alphabet='a;="\\ \t\r\n/é'))
def test_any_text_is_taken_apart_without_error(text: str) -> None:
    """Garbage has a form, too."""
    scan_parameters(text)


@pytest.mark.parametrize("unit", ['"', "\\", ";", "a=", ';a="', ' ;a="\\"', " "])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    """SEC-51: a megabyte of anything is over at once."""
    scan_parameters("a;" + unit * (1_000_000 // len(unit)))
