"""tools.bench gate: budgets and baseline are read, and an excess says what grew. No counting."""

from collections import Counter
from pathlib import Path

import pytest

from tools.bench import _callgrind
from tools.bench._budgets import (
    BASELINE,
    BUDGETS,
    MODES,
    Baseline,
    Budget,
    complaints,
    gate_table,
    read_baseline,
    read_budgets,
    write_baseline,
)
from tools.bench._memory import WORK
from tools.bench._memory_report import Cost

GET = Budget("get", "pure", 1000)


def test_there_is_a_budget_for_each_kind_and_mode() -> None:
    """The file in the tree."""
    found = [(budget.work, budget.mode) for budget in read_budgets()]

    assert found == [(work, mode) for work in WORK for mode in MODES]


def test_missing_budget_is_an_error(tmp_path: Path) -> None:
    """A kind of request without a limit would grow unseen."""
    file = tmp_path / "budgets.toml"
    file.write_text(BUDGETS.read_text().replace("[traced]", "[tarced]"))

    with pytest.raises(ValueError, match=r"expected budgets for .* traced/pure.* got .*tarced"):
        read_budgets(file)


def test_stored_baseline_explains_every_budget() -> None:
    """The file in the tree has functions and calls for each."""
    baseline = read_baseline()

    assert BASELINE.exists()
    assert set(baseline.costs) == {budget.key for budget in read_budgets()}
    for cost in baseline.costs.values():
        assert "_PyEval_EvalFrameDefault" in cost.functions
        assert any("_aiohttp_style.py" in name for name in cost.calls)


def test_stored_baseline_is_within_the_budgets() -> None:
    """A budget that its own baseline exceeds would never be met."""
    costs = read_baseline().costs

    for budget in read_budgets():
        assert costs[budget.key].instructions <= budget.instructions, budget.key


def test_baseline_keeps_what_was_not_counted_again(tmp_path: Path) -> None:
    """Where there are no speedups, theirs stay as they were."""
    file = tmp_path / "baseline.json"
    write_baseline({"get/speedups": Cost("wherry", 5.0, {}, {})}, file)
    write_baseline({"get/pure": Cost("wherry", 7.0, {}, {})}, file)

    found = read_baseline(file).costs
    assert {key: cost.instructions for key, cost in found.items()} == {
        "get/pure": 7,
        "get/speedups": 5,
    }


def test_no_baseline_yet_is_an_empty_one(tmp_path: Path) -> None:
    """The first `--save` has none to read."""
    assert read_baseline(tmp_path / "none.json").costs == {}


def test_excess_says_what_grew() -> None:
    """By how much, and which functions, against the stored costs."""
    stored = Baseline("", {"get/pure": Cost("wherry", 990, {"memcpy": 10}, {"_a.py f": 1.0})})
    now = Cost("wherry", 1100.0, {"memcpy": 120.0}, {"_a.py f": 3.0})

    [text] = complaints({GET: now}, stored)

    assert text.startswith("### get/pure\n\nwherry takes 1,100 instructions a request, 100 above")
    assert "What grew since the baseline of 990" in text
    assert "_a.py f" in text
    assert "+110.0" in text
    assert "Python" not in text.rpartition("\n\n")[2]


def test_baseline_of_another_python_is_mentioned() -> None:
    """The interpreter's own functions change from version to version."""
    [text] = complaints({GET: Cost("wherry", 1100.0, {}, {})}, Baseline("3.2.1", {}))

    assert "counted with Python 3.2.1" in text


def test_within_budget_nothing_is_said() -> None:
    """The table shows how much of it is used."""
    measured = {GET: Cost("wherry", 900.0, {}, {})}

    assert list(complaints(measured, Baseline("", {}))) == []
    assert "|                  900 |  1,000 |    90.0 |" in gate_table(measured)


def test_mode_decides_the_environment() -> None:
    """Whether the speedups are used is decided at import, by a variable."""
    assert GET.subject.environment == {"WHERRY_PURE": "1"}
    assert Budget("get", "speedups", 1).subject.environment == {"WHERRY_PURE": ""}


def test_source_that_changed_meanwhile_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of different code cannot be subtracted."""
    times = iter([1.0, 2.0])
    monkeypatch.setattr(_callgrind, "_newest_source", lambda: next(times))
    monkeypatch.setattr(_callgrind, "_run", lambda command, environment: "")
    monkeypatch.setattr(_callgrind, "_counted", lambda command, environment: Counter({"f": 1}))

    with pytest.raises(_callgrind.CountingError, match="a source changed while it was counted"):
        _callgrind.count(_callgrind.Subject("wherry"), few=1, many=2)
