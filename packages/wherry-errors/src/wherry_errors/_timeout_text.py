"""What a time-out says: which phase, after how long, under which limit, to whom.

Knows nothing of clocks or of who enforces a limit; it only words the facts. The phases that are
fields of the client's `ClientTimeout` are named as the user would have to change them:
`timeout.connect = 10.0`.
"""

from __future__ import annotations

_SETTABLE_PHASES = frozenset({"total", "connect", "sock_connect", "sock_read", "pool"})


def timeout_text(
    message: str = "",
    *,
    phase: str | None = None,
    limit: float | None = None,
    elapsed: float | None = None,
    host: str | None = None,
) -> str:
    """The facts of a time-out in one line, followed by `message`; facts that are None are left out.

    `connect timed out after 10.0 s (limit: timeout.connect = 10.0) for example.com:443; 3 requests
    were waiting`

    Without any fact it is `message` alone. `limit` and `elapsed` are seconds.
    """
    if phase is None and limit is None and elapsed is None and host is None:
        return message
    facts = "timed out" if phase is None else f"{phase} timed out"
    if elapsed is not None:
        facts += f" after {_seconds(elapsed)} s"
    if limit is not None:
        facts += f" (limit: {_setting(phase)}{_seconds(limit)})"
    if host is not None:
        facts += f" for {host}"
    return f"{facts}; {message}" if message else facts


def _setting(phase: str | None) -> str:
    return f"timeout.{phase} = " if phase in _SETTABLE_PHASES else ""


def _seconds(value: float) -> str:
    return str(round(float(value), 3))
