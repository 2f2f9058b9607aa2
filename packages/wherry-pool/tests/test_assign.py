"""What a request that wants a connection gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_pool import Assignment, Demand, assign


def demand(
    origin_idle: int = 0, origin_busy: int = 0, idle: int = 0, busy: int = 0, *limits: int
) -> Demand:
    limit, per_host = limits or (0, 0)
    return Demand(
        origin_idle=origin_idle,
        origin_busy=origin_busy,
        total_idle=origin_idle + idle,
        total_busy=origin_busy + busy,
        limit=limit,
        limit_per_host=per_host,
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (demand(), Assignment.OPEN),
        (demand(1), Assignment.REUSE),
        (demand(0, 99, 0, 99), Assignment.OPEN),
        (demand(0, 1, 0, 0, 2, 0), Assignment.OPEN),
        (demand(0, 2, 0, 0, 2, 0), Assignment.WAIT),
        (demand(0, 0, 0, 2, 2, 0), Assignment.WAIT),
        (demand(0, 0, 1, 1, 2, 0), Assignment.EVICT),
        (demand(1, 0, 0, 1, 2, 0), Assignment.REUSE),
        (demand(0, 1, 0, 0, 0, 1), Assignment.WAIT),
        (demand(1, 1, 0, 0, 0, 1), Assignment.WAIT),
        (demand(1, 0, 0, 0, 0, 1), Assignment.REUSE),
        (demand(0, 0, 0, 5, 0, 1), Assignment.OPEN),
        (demand(0, 1, 1, 0, 2, 1), Assignment.WAIT),
    ],
)
def test_decision_follows_the_counts(wanted: Demand, expected: Assignment) -> None:
    """S-119 to S-124, DECISIONS C-24: reuse, else open, else evict, else wait."""
    assert assign(wanted) is expected


counts = st.integers(0, 5)


@given(counts, counts, counts, counts, counts, counts)
def test_decision_keeps_the_limits(
    origin_idle: int, origin_busy: int, idle: int, busy: int, limit: int, per_host: int
) -> None:
    """Carrying it out never exceeds a limit, and nobody waits who need not."""
    before = demand(origin_idle, origin_busy, idle, busy, limit, per_host)
    decision = assign(before)
    total = before.total_idle + before.total_busy

    if decision is Assignment.WAIT:
        is_host_full = per_host and before.origin_busy >= per_host
        assert is_host_full or (limit and before.total_busy >= limit and not before.total_idle)
    else:
        assert not per_host or before.origin_busy < per_host
    if decision is Assignment.OPEN:
        assert not limit or total < limit
    if decision is Assignment.EVICT:
        assert before.total_idle > 0
        assert origin_idle == 0
    if decision is Assignment.REUSE:
        assert origin_idle > 0
