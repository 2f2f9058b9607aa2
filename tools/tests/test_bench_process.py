"""tools.bench setup, startup and idle: environments, starts, and connections that wait."""

import asyncio
import sys
from pathlib import Path

import pytest

from tools.bench import _environments, _run_process
from tools.bench._barrier_server import ANSWER, Barrier
from tools.bench._clients import CLIENTS
from tools.bench._contestants import CONTESTANTS, REQUIREMENTS, Contestant
from tools.bench._environments import (
    SetupError,
    cache_folder,
    find_environment,
    make_environment,
    requirements,
)
from tools.bench._idle import IDLERS, barrier_server, bytes_per_connection, idle_table
from tools.bench._resident import resident_bytes
from tools.bench._run import main
from tools.bench._sockets import SOCKET_CLIENTS
from tools.bench._startup import Start, StartError, measure_starts, start, start_table

HERE = Path(sys.executable)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test alone."""
    monkeypatch.setenv(_environments.CACHE_VARIABLE, str(tmp_path / "cache"))
    return cache_folder()


def test_environments_are_apart_by_python() -> None:
    """Another Python does not find those of this one."""
    assert cache_folder().name == f"cpython-{sys.version.split()[0]}"


def test_client_without_its_own_environment_runs_here() -> None:
    """If it is here."""
    found = find_environment("wherry")

    assert found is not None
    assert (found.interpreter, found.own) == (HERE, False)
    assert find_environment("no_such_module") is None


def test_own_environment_comes_first(cache: Path) -> None:
    """Its dependencies are its own; the floor has none."""
    for name in ("wherry", "floor"):
        python = cache / name / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.touch()

    wherry, floor = find_environment("wherry"), find_environment("floor")
    assert wherry is not None
    assert floor is not None
    assert wherry.own == (sys.platform != "win32")
    assert floor.interpreter == HERE


def test_wherry_is_installed_from_the_repository() -> None:
    """All packages at once, so that none is looked for on an index."""
    found = requirements("wherry")

    assert found[::2] == ["-e"] * (len(found) // 2)
    assert {Path(folder).name for folder in found[1::2]} >= {"wherry", "wherry-codec"}
    assert requirements("aiohttp") == ["aiohttp"]


def test_every_contestant_can_be_set_up() -> None:
    """And is a client of one kind at least."""
    clients = {contestant.client for contestant in CONTESTANTS.values()}

    assert clients - {"floor", "wherry"} == set(REQUIREMENTS)
    assert clients == {*CLIENTS, *SOCKET_CLIENTS}


def test_half_an_environment_is_removed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be taken for a whole one later."""
    broken = [[sys.executable, "-c", f"import os; os.makedirs({str(cache / 'aiohttp')!r})"]]
    broken.append([sys.executable, "-c", "raise SystemExit('no such release')"])
    monkeypatch.setattr(_environments, "_commands", lambda *arguments: broken)

    with pytest.raises(SetupError, match=r"exit code 1 from .*\nno such release"):
        make_environment("aiohttp")
    assert not (cache / "aiohttp").exists()


def test_setup_tries_the_others_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And exits with 1."""

    def fail(client: str) -> _environments.Environment:
        if client == "httpx":
            raise SetupError("no such release")
        return _environments.Environment(HERE, own=True)

    monkeypatch.setattr(_run_process, "make_environment", fail)

    assert main(["setup", "httpx", "aiohttp"]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "httpx: no such release",
        f"aiohttp: {HERE}",
    ]


def test_memory_of_this_process_is_some_megabytes() -> None:
    """In bytes, not in pages or kilobytes."""
    assert 5 * 1024**2 < resident_bytes() < 5 * 1024**3


@pytest.mark.slow
def test_starts_are_counted_in_fresh_processes() -> None:
    """The first one, which may compile, is left out."""
    [found] = measure_starts({"floor": HERE}, 2).values()

    assert len(found) == 2
    assert all(0 < one.seconds < 60 and one.resident > 1024**2 for one in found)


def test_contestant_that_cannot_be_imported_is_named(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its traceback is on standard error."""
    monkeypatch.setitem(CONTESTANTS, "primp", Contestant("primp", "no_such_module"))

    with pytest.raises(StartError, match="primp could not be imported: exit code 1"):
        start("primp", HERE)
    assert "ModuleNotFoundError" in capfd.readouterr().err


def test_start_table_has_medians() -> None:
    """Milliseconds and mebibytes."""
    table = start_table({"floor": [Start(0.01, 1024**2), Start(0.03, 3 * 1024**2)]})

    cells = [cell.strip() for cell in table.splitlines()[-1].split("|")[1:-1]]
    assert cells == ["floor", "20.0", "25.0", "2.0"]


class _Waiting(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data


def test_barrier_answers_when_the_last_has_come() -> None:
    """All of one path, none of another."""
    barrier, (one, two, other) = Barrier(), (_Waiting(), _Waiting(), _Waiting())

    barrier.arrive(b"/together/2", one)
    barrier.arrive(b"/together/3", other)
    assert one.written == b""
    barrier.arrive(b"/together/2", two)

    assert [one.written, two.written, other.written] == [ANSWER, ANSWER, b""]


@pytest.mark.slow
@pytest.mark.parametrize("tls", [False, True])
def test_idle_connections_take_memory(tls: bool) -> None:
    """More than nothing, less than a megabyte each; with TLS too."""
    with barrier_server(tls=tls) as barrier:
        size = bytes_per_connection("wherry", HERE, barrier, 150)

    assert 0 < size < 1024**2


def test_idlers_keep_connections_of_http() -> None:
    """Neither WebSocket clients nor the same client twice."""
    assert "wherry" in IDLERS
    assert not {"picows", "websockets", "aiohttp-malloc", "floor"} & set(IDLERS)


def test_idle_table_has_the_range() -> None:
    """The median, and how far the rounds were apart."""
    table = idle_table({"wherry": [1024.0, 4096.0, 2048.0]})

    cells = [cell.strip() for cell in table.splitlines()[-1].split("|")[1:-1]]
    assert cells == ["wherry", "2.0", "1.0", "4.0"]
