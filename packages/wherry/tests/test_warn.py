"""`_warn`: warnings that point at the caller."""

import warnings

import pytest

from wherry import ClientSession
from wherry._warn import warn_caller


def test_a_warning_is_about_the_line_that_called() -> None:
    """S-571."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_caller("look here")
    assert caught[0].filename == __file__
    assert caught[0].category is DeprecationWarning


async def test_a_warning_from_inside_a_request_is_about_the_caller_s_line() -> None:
    """S-571: however many coroutines lie in between."""
    async with ClientSession() as session:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises(ValueError, match="control"):
                await session.get("http://h/", chunked=1, headers={"a": "\n"})  # type: ignore[arg-type]
    assert [warning.filename for warning in caught] == [__file__]


async def test_async_with_is_no_caller_either() -> None:
    """S-571."""
    async with ClientSession() as session:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises(ValueError, match="control"):
                async with session.get("http://h/", verify_ssl=False, headers={"a": "\n"}):
                    pass
    assert [warning.filename for warning in caught] == [__file__]
