"""tools.bench wall: the arithmetic, the conversation with a contestant, the report, the server."""

import asyncio
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.bench import _clients, _nginx
from tools.bench._clients import UnexpectedStatusError, open_client
from tools.bench._run import argument_parser, chosen, main
from tools.bench._scenarios import FILES, POST_ANSWER, POSTED, SCENARIOS
from tools.bench._statistics import ratio, requests_for, spread, summarize
from tools.bench._wall import CONTESTANTS, ContestantError, Plan, Slice, run_scenario, worker
from tools.bench._wall_report import as_json, report
from tools.bench._worker import request_of, timed_slice

Peer = Callable[[bool, str], None]


def test_spread_is_half_the_quartile_distance_over_the_median() -> None:
    """One slow round among many does not make the spread."""
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(1 / 3)
    assert spread([2.0, 2.0, 2.0, 2.0, 900.0]) == 0.0
    assert spread([7.0]) == 0.0


def test_ratio_is_taken_round_by_round() -> None:
    """A round that was slow for all leaves the ratio as it is."""
    assert ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]) == 2.0


def test_ratio_needs_the_same_rounds() -> None:
    """Times of different rounds cannot be paired."""
    with pytest.raises(ValueError, match="zip"):
        ratio([1.0, 2.0], [1.0])


def test_summary_compares_with_aiohttp_and_the_floor() -> None:
    """Twice as fast as aiohttp, half as fast as the floor."""
    rounds = {"floor": [1.0, 1.0], "wherry": [2.0, 2.0], "aiohttp": [4.0, 4.0]}

    [_, wherry, aiohttp] = summarize(rounds)

    assert (wherry.median, wherry.times_faster, wherry.floor_share) == (2.0, 2.0, 0.5)
    assert (aiohttp.times_faster, aiohttp.floor_share) == (1.0, 0.25)


def test_summary_without_the_others_has_no_ratios() -> None:
    """A contestant may run alone."""
    [alone] = summarize({"wherry": [2.0]})

    assert (alone.times_faster, alone.floor_share) == (None, None)


def test_slice_has_at_least_the_least() -> None:
    """Enough requests for the time, and never fewer than there are tasks."""
    assert requests_for(0.5, 0.001, 8) == 500
    assert requests_for(0.5, 1.0, 8) == 8


def test_slice_shares_requests_among_tasks() -> None:
    """Ten requests of four tasks are ten requests."""
    made = 0

    async def request() -> int:
        nonlocal made
        made += 1
        return 3

    timed = asyncio.run(timed_slice(request, 10, 4))

    assert (made, timed.size) == (10, 30)
    assert timed.seconds > 0
    assert timed.cpu >= 0


class _Handler(http.server.BaseHTTPRequestHandler):
    """Serves the scenarios' files on kept connections, and 404 elsewhere."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.removeprefix("/varying")
        self._answer(FILES.get(path[1:], b""), "json" if path == "/json" else "octet-stream")

    def do_POST(self) -> None:
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(POST_ANSWER, "octet-stream")

    def _answer(self, body: bytes, subtype: str) -> None:
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", f"application/{subtype}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The test run's output is not the place for an access log."""


@pytest.fixture
def base() -> Iterator[str]:
    """The URL of a small loopback server in a thread."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", _clients.CLIENTS)
async def test_every_contestant_reads_what_each_scenario_serves(
    name: str, scenario: str, base: str, peer: Peer
) -> None:
    """The size of the body is right, so that slices measure the same work."""
    peer(_clients.is_installed(name), f"pip install {name}")
    client = open_client(name)

    timed = await timed_slice(request_of(client, SCENARIOS[scenario], base), 3, 2)
    await client.close()

    assert timed.size == 3 * SCENARIOS[scenario].size


@pytest.mark.parametrize("name", ["wherry", "aiohttp", "httpx"])
async def test_error_page_is_not_measured(name: str, base: str, peer: Peer) -> None:
    """A 404 would be a fast response of the wrong kind."""
    peer(_clients.is_installed(name), f"pip install {name}")

    client = open_client(name)
    with pytest.raises(UnexpectedStatusError, match="expected status 200"):
        await client.get(f"{base}/nothing")
    await client.close()


async def test_floor_refuses_what_it_cannot_count(base: str) -> None:
    """The floor parses nothing, so it must not guess either."""
    client = open_client("floor")
    with pytest.raises(ValueError, match="expected a 200 with Content-Length"):
        await client.get(f"{base}/nothing")
    await client.close()


def test_unknown_client_is_refused() -> None:
    """With the names there are."""
    with pytest.raises(ValueError, match="expected one of wherry, aiohttp, httpx, floor"):
        open_client("curl")


def test_named_contestant_must_be_there() -> None:
    """Left out silently, it would look like a result."""
    with pytest.raises(ValueError, match="expected some of a, floor; got b"):
        chosen(["b"], ["a", "floor"], str)
    with pytest.raises(ValueError, match="pip install no_such_module"):
        chosen(["no_such_module"], ["no_such_module"], str)


def test_contestant_that_is_not_installed_is_left_out_with_a_note() -> None:
    """By default, what is there runs."""
    assert chosen([], ["no_such_module", "floor"], str) == (
        ["floor"],
        ["no_such_module left out: pip install no_such_module"],
    )


def test_malloc_thresholds_are_set_for_one_contestant_only() -> None:
    """Aiohttp runs as it comes, and once more with its buffers kept."""
    assert CONTESTANTS["aiohttp"].environment == {}
    assert CONTESTANTS["aiohttp-malloc"].environment == {
        "MALLOC_MMAP_THRESHOLD_": "1073741824",
        "MALLOC_TRIM_THRESHOLD_": "1073741824",
    }


def test_arguments_have_defaults_that_take_less_than_three_minutes() -> None:
    """Warming up takes a contestant about two slices more in each scenario."""
    options = argument_parser().parse_args(["wall"])

    slices = len(SCENARIOS) * len(CONTESTANTS) * (options.rounds + 2)
    assert slices * options.seconds < 180
    assert options.json is None


@pytest.mark.parametrize(
    "arguments",
    [[], ["wall", "--rounds", "0"], ["memory", "--budget", "x"], ["wall", "--scenario", "x"]],
)
def test_bad_arguments_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Argparse's exit code 2."""
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage" in capsys.readouterr().err


def test_unknown_contestant_is_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    """For both commands."""
    assert main(["wall", "curl"]) == 2
    assert main(["memory", "curl"]) == 2
    assert "got curl" in capsys.readouterr().err


def test_report_is_a_table_per_scenario() -> None:
    """Microseconds, spread, and both comparisons."""
    results = {
        "sequential": {
            "floor": [Slice(10, 0.001, 0.001)],
            "aiohttp": [Slice(10, 0.004, 0.003)],
        }
    }

    text = report(results)

    assert text.startswith("### sequential: small GET, one after another\n\n| client ")
    assert text.splitlines()[-1].split("|")[1:-1] == [
        " aiohttp ",
        "      400.0 ",
        " 0.0 ",
        "  300.0 ",
        "                  1.00 ",
        "                     25 ",
    ]


def test_json_holds_the_rounds_and_can_be_written() -> None:
    """Everything a later look at the numbers may ask for."""
    written = json.dumps(as_json({"sequential": {"floor": [Slice(10, 0.5, 0.25)]}}, {"rounds": 1}))

    [found] = json.loads(written)["scenarios"]["sequential"]
    assert found["rounds"] == [{"requests": 10, "seconds": 0.5, "cpu": 0.25}]
    assert (found["median"], found["cpu"]) == (0.05, 0.025)


def test_configuration_serves_on_loopback_only(tmp_path: Path) -> None:
    """No address but 127.0.0.1, connections kept for good, no log."""
    text = _nginx.configuration(tmp_path, 8099)

    assert text.count("listen ") == 1
    assert "listen 127.0.0.1:8099 " in text
    assert "access_log off;" in text
    assert "{{" not in text


@pytest.fixture
def nginx(peer: Peer) -> Iterator[str]:
    """A running nginx, its base URL."""
    peer(_nginx.find_nginx() is not None, _nginx.INSTALL_HINT)
    with _nginx.serving(FILES, cpu=None) as base:
        yield base


@pytest.mark.slow
def test_rounds_against_nginx(nginx: str) -> None:
    """Every scenario, as many slices as there are rounds."""
    notes: list[str] = []
    with worker(CONTESTANTS["floor"], nginx, None) as floor:
        for scenario in SCENARIOS.values():
            found = run_scenario(scenario, [floor], Plan(rounds=2, seconds=0.001), notes.append)

            assert [len(slices) for slices in found.values()] == [2]
    assert len(notes) == 2 * len(SCENARIOS)


@pytest.mark.slow
def test_failing_contestant_is_named() -> None:
    """Nothing listens there, and the parent says whose turn it was."""
    with (
        worker(CONTESTANTS["floor"], "http://127.0.0.1:9", None) as floor,
        pytest.raises(ContestantError, match="floor failed in sequential: ConnectionRefusedError"),
    ):
        floor.run(SCENARIOS["sequential"], 1)


def test_posted_value_is_json() -> None:
    """The same bytes for every contestant, give or take white space."""
    assert json.loads(json.dumps(POSTED)) == POSTED
