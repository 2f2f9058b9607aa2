"""The command micro, which imports packages of wherry itself."""

import argparse
import asyncio
import contextlib

from ._choice import note
from ._micro import PEERS, DisagreementError, installed_peers, run_case
from ._micro_codec import codec_cases
from ._micro_cookies import cookie_cases
from ._micro_report import micro_table


def micro(options: argparse.Namespace) -> int:
    """Times small pieces of work; 1 if contestants disagree about a result."""
    names = installed_peers()
    note(f"{name} left out: pip install {name}" for name in PEERS if name not in names)
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        results = []
        for case in [*codec_cases(loop, names), *cookie_cases(loop, names)]:
            try:
                results.append(run_case(case, rounds=options.rounds, seconds=options.seconds))
            except DisagreementError as exc:
                print(exc)
                return 1
            note([f"{case.name}: done"])
    print(micro_table(results))
    return 0
