"""`_options`: the keyword arguments of a request."""

import inspect

import pytest
from multidict import CIMultiDict

from wherry import ClientSession
from wherry._options import RequestOptions, check_option_names, settle
from wherry._settings import CallSettings


def test_an_unknown_keyword_is_named() -> None:
    """S-367."""
    with pytest.raises(TypeError, match="headerz"):
        check_option_names({"headerz": 1})  # type: ignore[typeddict-unknown-key]  # the point


def test_every_documented_keyword_of_this_version_is_known() -> None:
    """S-367."""
    check_option_names(
        {
            "params": None, "data": None, "json": None, "cookies": None, "headers": None,
            "skip_auto_headers": None, "auth": None, "allow_redirects": True, "max_redirects": 10,
            "chunked": None, "expect100": False, "raise_for_status": None, "read_until_eof": True,
            "timeout": None, "ssl": None, "server_hostname": None, "trace_request_ctx": None,
            "read_bufsize": None, "auto_decompress": None, "max_line_size": None,
            "max_field_size": None, "max_headers": None, "max_body_size": None, "middlewares": None,
        }
    )  # fmt: skip


def test_iterators_are_settled_once() -> None:
    """S-354: looking twice gives the same."""
    options: RequestOptions = {
        "headers": iter([("A", "1")]),
        "cookies": (pair for pair in [("c", "1")]),
    }
    settle(options)
    assert options["headers"] == CIMultiDict({"A": "1"})
    assert options["cookies"] == [("c", "1")]
    empty: RequestOptions = {}
    settle(empty)
    assert empty == {}


def test_settings_of_the_session_have_their_keywords() -> None:
    """S-350: each default of a call can be given to the session."""
    parameters = inspect.signature(ClientSession).parameters
    for name in ("timeout", "read_bufsize", "auto_decompress", "max_body_size", "ssl"):
        assert name in parameters
        assert hasattr(CallSettings(), name)
