"""tools.bench wall: the arithmetic, the conversation with a contestant, the report, the server."""

import asyncio
import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.bench import _certificate, _nginx
from tools.bench._bodies import FILES, POSTED
from tools.bench._choice import chosen
from tools.bench._clients import UnexpectedStatusError, open_client
from tools.bench._contestants import CONTESTANTS
from tools.bench._places import Places
from tools.bench._run import argument_parser, main
from tools.bench._run_wall import LOADS, asked
from tools.bench._scenarios import SCENARIOS, Scenario
from tools.bench._statistics import ratio, requests_for, spread, summarize
from tools.bench._wall import (
    ContestantError,
    Load,
    Plan,
    Slice,
    Trouble,
    UnableError,
    run_scenario,
    warm_up,
    worker,
)
from tools.bench._wall_report import as_json, load_results, report
from tools.bench._worker import timed_slice

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


async def test_failed_slice_leaves_no_task_behind() -> None:
    """It would run on into the slice of another scenario."""
    made = 0

    async def request() -> int:
        nonlocal made
        made += 1
        number = made
        await asyncio.sleep(0)
        if number == 2:
            raise ConnectionError("gone")
        await asyncio.get_running_loop().create_future()
        return 0

    with pytest.raises(ConnectionError, match="gone"):
        await timed_slice(request, 3, 3)

    assert len(asyncio.all_tasks()) == 1


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

    slices = len(asked([], [])) * 4 * (options.rounds + 2)
    assert slices * options.seconds < 180
    assert options.json is None


def test_scenarios_are_asked_by_name_or_group() -> None:
    """In their own order, whatever the order of the question."""
    assert asked(["upload-file", "cold"], []) == ["upload-file", "cold"]
    assert asked([], ["scale", "websocket"])[0] == "scale1"
    assert asked([], ["all"]) == list(LOADS)
    assert {LOADS[name].group for name in asked([], [])} == {"quick"}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["wall", "--rounds", "0"],
        ["wall", "--scenario", "x"],
        ["wall", "--group", "x"],
        ["memory", "--budget", "x"],
        ["memory", "--work", "x"],
        ["compare", "one.json"],
    ],
)
def test_bad_arguments_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Argparse's exit code 2."""
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage" in capsys.readouterr().err


def test_unknown_contestant_is_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    """For every command that takes contestants."""
    for command in ("wall", "memory", "startup", "idle", "setup"):
        assert main([command, "curl"]) == 2
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


def test_report_names_who_is_missing() -> None:
    """A contestant without a row has its reason below the tables."""
    trouble = Trouble(unable=["primp left out of cold: why"], failed=["httpx failed in cold: how"])

    text = report({"cold": {}}, trouble)

    assert text == (
        "### Left out\n\n- primp left out of cold: why\n\n### Failed\n\n- httpx failed in cold: how"
    )


def test_json_holds_the_rounds_and_can_be_read_again(tmp_path: Path) -> None:
    """Everything a later look at the numbers may ask for."""
    file = tmp_path / "result.json"
    results = {"sequential": {"floor": [Slice(10, 0.5, 0.25)]}}
    facts = {"floor": {"python": "3.11.7", "version": ""}}
    file.write_text(json.dumps(as_json(results, {"rounds": 1}, facts, Trouble())))

    [found] = json.loads(file.read_text())["scenarios"]["sequential"]
    assert (found["median"], found["cpu"]) == (0.05, 0.025)
    kept = load_results(file)
    assert (kept.results, kept.contestants) == (results, facts)
    assert kept.machine["cpus"]


def test_other_json_is_not_a_result(tmp_path: Path) -> None:
    """With the command that writes one."""
    file = tmp_path / "other.json"
    file.write_text("{}")

    with pytest.raises(ValueError, match="expected a file that `bench wall --json` wrote"):
        load_results(file)


def test_configuration_serves_on_loopback_only(tmp_path: Path) -> None:
    """No address outside 127.0.0.0/8, connections kept for good, no log."""
    text = _nginx.configuration(tmp_path, 8099, hosts=3)

    addresses = re.findall(r"\blisten ([0-9.:]+)", text)
    assert addresses == [f"127.0.{host}:8099" for host in ("0.1", "1.1", "1.2", "1.3")]
    assert text.count("listen ") == len(addresses)
    assert "access_log off;" in text
    assert "{{" not in text


def test_configuration_varies_all_but_what_nginx_adds(tmp_path: Path) -> None:
    """Five fields come by themselves: 3 more make 8, 25 more make 30."""
    text = _nginx.configuration(tmp_path, 8099)

    assert text.count("add_header X-Varying-") == 3 + 25


def test_hosts_are_distinct_addresses() -> None:
    """Two hundred fit below 127.0.1, more go on."""
    addresses = _nginx.host_addresses(400)

    assert len(set(addresses)) == 400
    assert addresses[0] == "127.0.1.1"
    assert addresses[250] == "127.0.2.1"


@pytest.fixture
def places(peer: Peer) -> Iterator[Places]:
    """A running nginx."""
    peer(_nginx.find_nginx() is not None, _nginx.INSTALL_HINT)
    with _nginx.serving(FILES, cpu=None) as found:
        peer(bool(found.tls), _certificate.INSTALL_HINT)
        yield found


HERE = Path(sys.executable)


@pytest.mark.slow
@pytest.mark.parametrize("title", ["floor", "wherry"])
def test_rounds_against_nginx(title: str, places: Places) -> None:
    """Every scenario, as many slices as there are rounds; the bodies add up in each."""
    trouble = Trouble()
    notes: list[str] = []
    with worker(CONTESTANTS[title], HERE, places, None) as one:
        for scenario in SCENARIOS.values():
            plan = Plan(rounds=2, seconds=0.001)
            found = run_scenario(scenario, [one], plan, notes.append, trouble)

            assert [len(slices) for slices in found.values()] == [2], trouble
    assert len(notes) == 2 * len(SCENARIOS)


@pytest.mark.slow
def test_upload_that_is_cut_short_is_refused(places: Places) -> None:
    """Nginx looks how much came: a client that sends less would win."""
    short = dataclasses.replace(places, upload_file=str(HERE.parent / "activate"))
    assert Path(short.upload_file).stat().st_size < 1_000_000
    with (
        worker(CONTESTANTS["wherry"], HERE, short, None) as one,
        pytest.raises(ContestantError, match="expected status 200"),
    ):
        one.run(SCENARIOS["upload-file"], 4)


@pytest.mark.slow
def test_jar_of_a_thousand_cookies_is_sent(places: Places) -> None:
    """Without its cookies, nginx answers 403; with them, the body."""
    forgetful = Scenario(name="x", about="", group="", path="/cookies/small")
    assert SCENARIOS["cookies200"].hosts == 200
    with worker(CONTESTANTS["wherry"], HERE, places, None) as one:
        assert one.run(SCENARIOS["cookies200"], 400).requests == 400

    async def without() -> None:
        client = open_client("wherry")
        try:
            await client.get(places.hosts[7] + forgetful.path)
        finally:
            await client.close()

    with pytest.raises(UnexpectedStatusError, match="got 403"):
        asyncio.run(without())


@pytest.mark.slow
def test_failing_contestant_is_named() -> None:
    """Nothing listens there, and the parent says whose turn it was."""
    nowhere = Places(plain="http://127.0.0.1:9")
    with (
        worker(CONTESTANTS["floor"], HERE, nowhere, None) as floor,
        pytest.raises(ContestantError, match="floor failed in sequential: ConnectionRefusedError"),
    ):
        floor.run(SCENARIOS["sequential"], 1)


@pytest.mark.slow
def test_failing_contestant_does_not_end_the_run() -> None:
    """It is left out of the scenario, with the reason; what is not offered is no failure."""
    trouble = Trouble()
    nowhere = Places(plain="http://127.0.0.1:9", deflating_socket="ws://127.0.0.1:9")
    with worker(CONTESTANTS["floor"], HERE, nowhere, None) as floor:
        for name in ("sequential", "ws-compressed"):
            found = run_scenario(LOADS[name], [floor], Plan(1, 0.001), lambda text: None, trouble)
            assert found == {}
    assert [line.partition(":")[0] for line in trouble.failed] == ["floor failed in sequential"]
    assert trouble.unable == ["floor left out of ws-compressed: the floor does not compress"]


class _SlowWorker:
    """Takes an hour for anything."""

    title = client = "slow"

    def run(self, load: Load, requests: int) -> Slice:
        return Slice(requests, 3600.0, 1.0)


def test_contestant_that_would_take_minutes_is_left_out() -> None:
    """What one slice took is said instead."""
    with pytest.raises(UnableError, match="slow left out of cold: 8 requests took 3600 s"):
        warm_up(_SlowWorker(), SCENARIOS["cold"], Plan(7, 0.4))


def test_posted_value_is_json() -> None:
    """The same bytes for every contestant, give or take white space."""
    assert json.loads(json.dumps(POSTED)) == POSTED
