"""tools.bench compare and plot: what may be compared, what is said, what is drawn."""

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tools.bench._compare import compare, verdict
from tools.bench._contestants import CONTESTANTS
from tools.bench._machine import OtherMachineError, check_same_machine, machine
from tools.bench._plot import (
    COLOURS,
    Bar,
    NoMatplotlibError,
    bars,
    draw,
    groups,
    require_matplotlib,
    scale_lines,
)
from tools.bench._statistics import Summary
from tools.bench._wall import Slice
from tools.bench._wall_report import Kept

MACHINE = {"cpu": "a processor", "cpus": "2", "kernel": "6.1"}


def kept(
    times: Mapping[str, Mapping[str, Sequence[float]]], version: str = "1", **facts: str
) -> Kept:
    """A result: scenario to contestant to seconds per request, round by round."""
    results = {
        scenario: {title: [Slice(1, one, one) for one in rounds] for title, rounds in row.items()}
        for scenario, row in times.items()
    }
    titles = {title for row in times.values() for title in row}
    contestants = {title: {"python": "3.11.7", "version": version} for title in sorted(titles)}
    return Kept({**MACHINE, **facts}, {}, contestants, results)


def test_machine_says_what_it_is() -> None:
    """Nothing empty, nothing that names the user."""
    found = machine()

    assert set(found) == {"cpu", "cpus", "memory", "architecture", "system", "kernel"}
    assert all(found.values())


def test_results_of_two_machines_are_not_compared() -> None:
    """What differs is named."""
    one = kept({"cold": {"wherry": [1.0]}})
    other = kept({"cold": {"wherry": [1.0]}}, cpu="another")

    with pytest.raises(OtherMachineError, match="cpu: a processor and another"):
        compare(one, other)


def test_result_that_does_not_say_its_machine_is_not_compared() -> None:
    """Nor are two such results."""
    with pytest.raises(OtherMachineError, match="cpus: 2 and not said"):
        check_same_machine(MACHINE, {"cpu": "a processor", "kernel": "6.1"})
    with pytest.raises(OtherMachineError, match="neither says which"):
        check_same_machine({}, {})


def test_comparison_has_a_row_for_what_both_have() -> None:
    """Medians, their ratio, and how each stood to aiohttp then."""
    row = {"wherry": [2e-6] * 3, "aiohttp": [4e-6] * 3}
    before = kept({"cold": row, "tls64": {"wherry": [1.0]}})
    after = kept({"cold": {**row, "wherry": [1e-6] * 3}}, "2")

    *_, wherry, aiohttp, _, title, first, _ = compare(before, after).splitlines()

    assert [cell.strip() for cell in wherry.split("|")[1:-1]] == [
        *("cold", "wherry", "2.0", "1.0", "0.50", "2.00 → 4.00", "faster")
    ]
    assert aiohttp.split("|")[-2].strip() == "same"
    assert (title, first) == (
        "Other versions:",
        "- aiohttp: 1 on Python 3.11.7 → 2 on Python 3.11.7",
    )


def test_two_rounds_make_no_verdict() -> None:
    """Their spread says nothing."""
    text = compare(kept({"cold": {"wherry": [1.0] * 9}}), kept({"cold": {"wherry": [9.0] * 2}}))

    assert "too few rounds" in text.splitlines()[2]


def test_nothing_in_common_is_said() -> None:
    """An empty table would look like no change."""
    text = compare(kept({"cold": {"wherry": [1.0]}}), kept({"tls64": {"wherry": [1.0]}}))

    assert text == "The two results have no scenario with a contestant in common."


@pytest.mark.parametrize(
    ("after", "expected"), [(1.04, "same"), (0.96, "same"), (1.06, "slower"), (0.94, "faster")]
)
def test_verdict_needs_more_than_both_spreads(after: float, expected: str) -> None:
    """Two and three per cent of spread leave five per cent undecided."""
    one, other = (Summary("x", time, s, None, None) for time, s in ((1.0, 0.02), (after, 0.03)))

    assert verdict(one, other) == expected


RESULT = kept(
    {
        "sequential": {"wherry": [2e-6, 2e-6], "floor": [1e-6, 1e-6]},
        "scale1": {"wherry": [3e-6]},
        "scale64": {"wherry": [1e-6]},
        "ws-1m": {"picows": [1e-3]},
        "cold": {},
    }
)


def test_bars_begin_with_the_fastest() -> None:
    """In microseconds."""
    assert bars(RESULT, "sequential") == [Bar("floor", 1.0, 0.0), Bar("wherry", 2.0, 0.0)]


def test_scale_is_a_line_and_not_a_group_of_bars() -> None:
    """A scenario nobody was measured in is not drawn."""
    assert scale_lines(RESULT) == {"wherry": [(1, 3.0), (64, 1.0)]}
    assert groups(RESULT) == {"quick": ["sequential"], "websocket": ["ws-1m"]}


def test_every_contestant_has_a_colour_of_its_own() -> None:
    """Which it keeps in all plots."""
    assert set(COLOURS) == set(CONTESTANTS)
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_plots_without_matplotlib_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the bench environment only."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(NoMatplotlibError, match="pip install matplotlib"):
        require_matplotlib()


@pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="matplotlib is in the bench environment"
)
@pytest.mark.slow
def test_plots_are_written_twice(tmp_path: Path) -> None:
    """Each as SVG, whose text stays text, and as PNG."""
    written = draw(RESULT, tmp_path / "plots")

    assert [file.name for file in written] == [
        *("quick.svg", "quick.png", "websocket.svg", "websocket.png", "scale.svg", "scale.png")
    ]
    assert "sequential" in written[0].read_text(encoding="utf-8")
    assert written[1].read_bytes().startswith(b"\x89PNG")
