"""tools.fuzz: a short run of every target, and that a broken promise is found."""

import pytest
from hypothesis import strategies as st

from tools.fuzz._inputs import corpus, pieces
from tools.fuzz._run import attack, main, report
from tools.fuzz._targets import Target, targets


@pytest.mark.parametrize("name", targets())
def test_target_withstands_a_short_attack(name: str) -> None:
    """The same inputs in each run; the tool tries others, for longer."""
    finding = attack(targets()[name], seed=1, seconds=0, inputs=12)

    assert finding.failure == ""
    assert finding.inputs >= 12


def test_broken_promise_is_found_and_made_small() -> None:
    """The report names the seed that finds it again."""

    def check(data: bytes) -> None:
        assert b"\r" not in data

    finding = attack(Target("brittle", st.binary(), check), seed=7, seconds=5, inputs=400)

    assert "data=b'\\r'" in finding.failure
    assert "brittle, --seed " in finding.failure
    assert "FAILED" in report([finding])


def test_unknown_target_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, as for all tools."""
    assert main(["nothing"]) == 2
    assert "response-head" in capsys.readouterr().err


def test_targets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One name a line."""
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.split() == list(targets())


def test_run_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Chosen targets only; each gets one round even without time."""
    assert main(["quotes", "--seconds", "0", "--seed", "1"]) == 0

    header, _, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["|", "target", "|", "inputs", "|", "seconds", "|", "outcome", "|"]
    assert row.split()[1] == "quotes"
    assert row.split()[-2] == "ok"


def test_pieces_are_all_of_the_input() -> None:
    """However it is cut."""
    for data in corpus("response_heads"):
        assert b"".join(pieces(data, [3, 1, 7])) == data
        assert pieces(data, []) == [data]
