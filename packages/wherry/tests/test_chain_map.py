"""`_chain_map`: several mappings read as one."""

import pytest

from wherry import ChainMapProxy


def test_the_first_mapping_that_has_a_key_counts() -> None:
    """S-016."""
    proxy = ChainMapProxy([{"a": 1}, {"a": 2, "b": 3}])
    assert dict(proxy) == {"a": 1, "b": 3}
    assert len(proxy) == 2
    assert proxy.get("c") is None
    assert "b" in proxy


def test_a_key_that_none_has_is_an_error() -> None:
    """S-016."""
    with pytest.raises(KeyError, match="c"):
        ChainMapProxy([{"a": 1}])["c"]


def test_it_is_true_if_a_mapping_has_something() -> None:
    """S-016."""
    assert not ChainMapProxy([{}, {}])
    assert ChainMapProxy([{}, {"a": 1}])


def test_it_reads_the_mappings_themselves() -> None:
    """S-016: later changes are seen; through it nothing is changed."""
    inner = {"a": 1}
    proxy = ChainMapProxy([inner])
    inner["b"] = 2
    assert proxy["b"] == 2
    assert not hasattr(proxy, "__setitem__")
    assert "'b': 2" in repr(proxy)


def test_it_cannot_be_subclassed() -> None:
    """S-016."""
    with pytest.raises(TypeError, match="Sub"):
        type("Sub", (ChainMapProxy,), {})
