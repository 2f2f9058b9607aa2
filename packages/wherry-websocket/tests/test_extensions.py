"""The syntax of Sec-WebSocket-Extensions, RFC 6455 §9.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_websocket._extensions import ExtensionSyntaxError, parse_extensions, split_list


def test_examples_of_the_rfc() -> None:
    """RFC 6455 §9.1: several extensions, on one line or on two, with parameters."""
    expected = [("foo", ()), ("bar", (("baz", "2"),))]

    assert parse_extensions(["foo, bar; baz=2"]) == expected
    assert parse_extensions(["foo", "bar; baz=2"]) == expected


@pytest.mark.parametrize("value", ["a;b=10", 'a; b="10"', "a ;\tb = 10 ", 'a; b="1\\0"'])
def test_a_value_may_be_quoted_and_surrounded_by_blanks(value: str) -> None:
    """RFC 6455 §9.1: after unquoting it is a token."""
    assert parse_extensions([value]) == [("a", (("b", "10"),))]


@pytest.mark.parametrize("value", ["a b", "a; ", "a;;b", "a; b=", 'a; b="1 2"', 'a; b="', "é", ";"])
def test_other_syntax_is_refused(value: str) -> None:
    """SEC-54: bad parameters in the answer."""
    with pytest.raises(ExtensionSyntaxError):
        parse_extensions([value])


def test_empty_elements_are_passed_over() -> None:
    """RFC 9110 §5.6.1.2."""
    assert split_list([" , a,,b ,", ""]) == ["a", "b"]


@given(st.lists(st.text(max_size=40), max_size=3))
def test_any_text_is_parsed_or_refused(values: list[str]) -> None:
    """Nothing but ExtensionSyntaxError."""
    try:
        extensions = parse_extensions(values)
    except ExtensionSyntaxError:
        return
    assert all(extension.name for extension in extensions)
