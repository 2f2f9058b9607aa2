"""What all functions have in common: arguments, memory, threads, interpreters, and no state."""

import ctypes
import importlib
import subprocess
import sys
import threading
import tracemalloc
from typing import Any

import pytest

import wherry_speedups
from wherry_speedups import (
    apply_mask,
    read_frame_head,
    scan_response_head,
    take_chunks,
    take_small_frames,
    write_frame,
)

pytestmark = pytest.mark.usefixtures("native")

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n"
FRAMES = b"\x81\x02\xc3\xa9\x82\x01b\x81\x01\xff"
KEY = b"\x01\x02\x03\x04"

CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "scan_response_head": (scan_response_head, (HEAD + b"x", 999, 999, 999, 9)),
    "take_chunks": (take_chunks, (b"5\r\nhello\r\n7\r\nhel", 0, 2**40, 9, [], [])),
    "apply_mask": (apply_mask, (b"Hello" * 9, KEY)),
    "write_frame": (write_frame, (0x81, b"Hello", KEY)),
    "read_frame_head": (read_frame_head, (b"\x81\xfe\x01\x00abcd", 0, True, tuple)),
    "take_small_frames": (take_small_frames, (FRAMES, 0, [], 9999, 125, 1, tuple, "t", "b")),
}
"""A call of each that takes its longest way."""


def fresh(arguments: tuple[Any, ...]) -> list[Any]:
    return [list(one) if isinstance(one, list) else one for one in arguments]


def test_every_function_is_called_here() -> None:
    """A new one gets its line above, and documentation."""
    native = importlib.import_module("wherry_speedups._native")
    functions = {name for name in vars(native) if not name.startswith("_")}

    assert functions == set(CALLS)
    assert functions < set(wherry_speedups.__all__)
    for name in functions:
        assert getattr(native, name).__doc__
        assert getattr(native, name).__text_signature__.endswith("/)")


@pytest.mark.parametrize("name", CALLS)
def test_arguments_of_another_kind_are_refused(name: str) -> None:
    """TypeError for each in turn, and for another number of them; never a crash."""
    function, arguments = CALLS[name]
    anything = {"masked", "text_type", "binary_type"}
    parameters = function.__text_signature__.strip("()").split(", ")[:-1]
    for place, parameter in enumerate(parameters):
        wrong = fresh(arguments)
        wrong[place] = 1.5
        if parameter not in anything:
            with pytest.raises(TypeError):
                function(*wrong)
    with pytest.raises(TypeError, match="arguments, got"):
        function(*fresh(arguments), None)
    with pytest.raises(TypeError, match="arguments, got 0"):
        function()


@pytest.mark.parametrize("name", ["take_chunks", "read_frame_head", "take_small_frames"])
@pytest.mark.parametrize("position", [-1, 1000, 2**80, -(2**80)])
def test_position_outside_the_data_is_refused(name: str, position: int) -> None:
    """It would be read there."""
    function, arguments = CALLS[name]
    with pytest.raises(ValueError, match="a position is between 0 and"):
        function(*[arguments[0], position, *fresh(arguments)[2:]])


@pytest.mark.parametrize("total", [-1, 2**62 + 1, 2**90])
def test_total_that_could_overflow_is_refused(total: int) -> None:
    """Nobody has such a body."""
    with pytest.raises(ValueError, match="total is between"):
        take_chunks(b"", 0, total, 9, [], [])


def test_classes_other_than_tuples_are_refused() -> None:
    """They would be laid out differently."""
    function: Any = read_frame_head
    for wrong in (list, object, (), 5):
        with pytest.raises(TypeError, match="subclass of tuple"):
            function(b"\x81\x00", 0, False, wrong)


def test_failing_condition_is_passed_on() -> None:
    """What an argument raises when asked for its truth."""

    class Undecided:
        def __bool__(self) -> bool:
            raise KeyError("undecided")

    with pytest.raises(KeyError):
        read_frame_head(b"\x81\x00", 0, Undecided(), tuple)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_kept(name: str) -> None:
    """Neither memory nor references, whether the call succeeds, leaves things, or is refused."""
    function, arguments = CALLS[name]
    text = bytearray(arguments[0]) if isinstance(arguments[0], bytes) else arguments[0]

    def call_in_all_ways() -> None:
        function(*fresh(arguments))
        function(text, *fresh(arguments)[1:])
        for place in range(len(arguments)):
            wrong = fresh(arguments)
            wrong[place] = -1 if place else b""
            try:
                function(*wrong)
            except (TypeError, ValueError):
                continue

    for _ in range(10):
        call_in_all_ways()
    # Of those that nobody else refers to; small numbers and classes are everywhere.
    own = [one for one in arguments if isinstance(one, bytes | list)]
    counts = [sys.getrefcount(one) for one in own]
    tracemalloc.start()
    try:
        call_in_all_ways()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(300):
            call_in_all_ways()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 300
    assert [sys.getrefcount(one) for one in own] == counts
    if isinstance(text, bytearray):
        text.append(0)  # which a view that is still open would forbid


@pytest.mark.parametrize("name", CALLS)
def test_lack_of_memory_is_an_error_wherever_it_strikes(name: str) -> None:
    """MemoryError, and no half-made object is touched: every allocation fails once."""
    testing = pytest.importorskip("_testcapi", reason="an interpreter built with its test modules")
    function, arguments = CALLS[name]
    for allowed in range(60):
        given = fresh(arguments)
        result = None
        failed = False
        testing.set_nomemory(allowed, allowed + 1)
        try:
            result = function(*given)
        except MemoryError:
            failed = True
        finally:
            testing.remove_mem_hooks()
        if not failed:
            assert result is not None
    assert result is not None


@pytest.mark.parametrize("name", CALLS)
def test_bytes_behind_the_end_are_not_looked_at(name: str) -> None:
    """Each prefix alone in memory reads as it does with anything behind it.

    Without a zero behind it, unlike bytes; sanitizers see a read that goes too far.
    """
    function, arguments = CALLS[name]
    place = 1 if name == "write_frame" else 0
    data = arguments[place]
    for size in range(len(data) + 1):
        alone = (ctypes.c_char * size).from_buffer_copy(data[:size])
        among = memoryview(data[:size] + b"\r\n0\r\n\r\n")[:size]
        results = []
        for view in (memoryview(alone), among):
            given = fresh(arguments)
            given[place] = view
            results.append((function(*given), given[2:]))
        assert _without_views(results[0]) == _without_views(results[1])


def _without_views(result: object) -> str:
    return repr(result).partition("<memory")[0]


def test_many_threads_get_what_one_gets() -> None:
    """Nothing is shared between calls."""
    expected = {name: repr(function(*fresh(given))) for name, (function, given) in CALLS.items()}
    different: list[str] = []

    def work() -> None:
        for _ in range(300):
            for name, (function, given) in CALLS.items():
                if repr(function(*fresh(given))) != expected[name]:
                    different.append(name)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert different == []


def test_module_is_made_anew_for_each_interpreter() -> None:
    """Multi-phase initialisation; with a lock of its own from Python 3.12 on."""
    interpreters = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    pytest.importorskip(interpreters, reason="an interpreter with subinterpreters")
    code = (
        f"import {interpreters} as i\n"
        "one = i.create()\n"
        "i.run_string(one, '''import wherry_speedups as s\n"
        "assert s.IS_NATIVE and s.apply_mask(b'a', b'bcde') == b'\\\\x03' ''')\n"
        "i.destroy(one)\n"
        "import wherry_speedups as s\n"
        "assert s.apply_mask(b'a', b'bcde') == b'\\x03'\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
