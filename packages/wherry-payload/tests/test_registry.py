"""Which payload class a value gets."""

import io
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import pytest

import wherry_payload
from wherry_payload import (
    PAYLOAD_REGISTRY,
    AsyncIterablePayload,
    BufferedReaderPayload,
    BytesIOPayload,
    BytesPayload,
    IOBasePayload,
    Order,
    PathPayload,
    Payload,
    PayloadRegistry,
    StringIOPayload,
    StringPayload,
    TextIOPayload,
    get_payload,
    payload_type,
    register_payload,
)


class Base:
    """A value of a user's own."""


class Derived(Base):
    """One below it."""


class First(BytesPayload):
    def __init__(self, value: object, **kwargs: Any) -> None:
        super().__init__(b"first", **kwargs)


class Second(First):
    """Another class, to tell them apart."""


class Pieces:
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", BytesPayload),
        (bytearray(), BytesPayload),
        (memoryview(b""), BytesPayload),
        ("", StringPayload),
        (io.StringIO(), StringIOPayload),
        (io.BytesIO(), BytesIOPayload),
        (pathlib.Path("x"), PathPayload),
        (Pieces(), AsyncIterablePayload),
        (io.TextIOWrapper(io.BytesIO()), TextIOPayload),
        (io.BufferedReader(io.BytesIO()), BufferedReaderPayload),
    ],
)
def test_built_in_types(value: object, expected: type) -> None:
    """S-273: the table of built-in classes."""
    assert type(get_payload(value)) is expected


def test_files_by_the_mode_they_were_opened_in(tmp_path: pathlib.Path) -> None:
    """S-273: text, buffered, random access, raw."""
    path = tmp_path / "x"
    path.write_bytes(b"")
    expected = {
        "r": TextIOPayload,
        "rb": BufferedReaderPayload,
        "r+b": BufferedReaderPayload,
    }

    for mode, payload_class in expected.items():
        with path.open(mode) as file:
            assert type(get_payload(file)) is payload_class
    with path.open("rb", buffering=0) as raw, tempfile.SpooledTemporaryFile() as spooled:
        assert type(get_payload(raw)) is IOBasePayload
        assert type(get_payload(spooled)) is IOBasePayload


def test_subclasses_of_built_in_types_are_accepted() -> None:
    """S-271: `isinstance` after the exact type."""

    class MyBytes(bytes):
        pass

    class MyStringIO(io.StringIO):
        pass

    assert type(get_payload(MyBytes(b"a"))) is BytesPayload
    assert type(get_payload(MyStringIO("a"))) is StringIOPayload


def test_payload_is_returned_as_it_is() -> None:
    """S-271: no second wrapping."""
    payload = BytesPayload(b"")

    assert get_payload(payload) is payload


@pytest.mark.parametrize("value", [5, None, [b"a"], {"a": 1}, object()])
def test_unknown_type_raises_the_registrys_own_error(value: object) -> None:
    """S-271: `LookupError` of this package, which is not the builtin."""
    with pytest.raises(wherry_payload.LookupError, match=type(value).__name__):
        get_payload(value)
    assert not issubclass(wherry_payload.LookupError, LookupError)


def test_arguments_go_to_the_class() -> None:
    """S-271: positional and keyword arguments."""
    payload = get_payload("é", {"X": "y"}, encoding="latin-1")

    assert payload.headers["X"] == "y"
    assert payload.size == 1


def test_exact_type_wins_over_an_earlier_registration_of_a_base() -> None:
    """S-271: exact type before `isinstance`."""
    registry = PayloadRegistry()
    registry.register(First, Base)
    registry.register(Second, Derived)

    assert type(registry.get(Derived())) is Second
    assert type(registry.get(Base())) is First


def test_order_of_registration_decides_among_bases() -> None:
    """S-271: normal ones in order, then try_last ones."""

    class Below(Derived):
        pass

    registry = PayloadRegistry()
    registry.register(BytesPayload, object, order=Order.try_last)
    registry.register(First, Base)
    registry.register(Second, Derived)

    assert type(registry.get(Below())) is First
    assert type(registry.get(b"x")) is BytesPayload


def test_try_first_wins_even_over_a_ready_payload() -> None:
    """S-271: `try_first` is asked before anything else."""
    registry = PayloadRegistry()
    registry.register(First, Payload, order=Order.try_first)
    registry.register(Second, BytesPayload)

    assert type(registry.get(BytesPayload(b"x"))) is First


def test_several_types_at_once() -> None:
    """S-272: a tuple of types is a registration for each."""
    registry = PayloadRegistry()
    registry.register(First, (int, float))

    assert type(registry.get(1)) is First
    assert type(registry.get(1.5)) is First


@pytest.mark.parametrize("order", ["normal", None, 1])
def test_order_must_be_an_order(order: Any) -> None:
    """S-272: anything else raises `ValueError`, and nothing is registered."""
    registry = PayloadRegistry()

    with pytest.raises(ValueError, match="order"):
        registry.register(First, Base, order=order)
    with pytest.raises(wherry_payload.LookupError):
        registry.get(Base())


def test_decorator_and_function_extend_the_shared_registry() -> None:
    """S-272: `payload_type` returns the class; both reach `PAYLOAD_REGISTRY`."""

    class Own:
        pass

    class Other:
        pass

    decorated = payload_type(Own)(First)
    register_payload(Second, Other)

    assert decorated is First
    assert type(PAYLOAD_REGISTRY.get(Own())) is First
    assert type(get_payload(Other())) is Second


def test_import_needs_no_sibling_and_no_ssl() -> None:
    """The package stands alone on multidict."""
    code = (
        "import sys, wherry_payload; "
        "print([m for m in sys.modules if m.partition('.')[0] in ('ssl', 'yarl') "
        "or m.startswith('wherry_') and not m.startswith('wherry_payload')])"
    )

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    # asyncio itself brings ssl along where Python has it
    assert set(eval(out.stdout)) <= {"ssl"}
