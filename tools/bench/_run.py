"""The command line of bench: what there is to measure, and the options of each."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ._callgrind import CountingError
from ._contestants import CONTESTANTS
from ._machine import OtherMachineError
from ._memory import WORK
from ._plot import NoMatplotlibError
from ._run_memory import gate, memory
from ._run_process import idle, setup, startup
from ._run_wall import GROUPS, LOADS, compare, plot, wall


def argument_parser() -> argparse.ArgumentParser:
    """The options; see `--help`."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="Measure clients.")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_setup(commands.add_parser("setup", help="an environment for each contestant"))
    _add_wall(commands.add_parser("wall", help="time per request, against nginx"))
    _add_compare(commands.add_parser("compare", help="two results of wall from one machine"))
    _add_plot(commands.add_parser("plot", help="SVG and PNG of a result of wall"))
    _add_startup(commands.add_parser("startup", help="import time, and memory after it"))
    _add_idle(commands.add_parser("idle", help="memory per idle connection"))
    _add_memory(commands.add_parser("memory", help="instructions per request, without I/O"))
    _add_gate(commands.add_parser("gate", help="instructions per request against the budgets"))
    _add_micro(commands.add_parser("micro", help="parsers and cookie jars alone, in ratios"))
    return parser


def _add_setup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help="default: all")


def _add_wall(parser: argparse.ArgumentParser) -> None:
    _add_contestants(parser)
    parser.add_argument(
        "--scenario", action="append", choices=sorted(LOADS), help="may be repeated"
    )
    parser.add_argument(
        "--group",
        action="append",
        choices=[*GROUPS, "all"],
        help="scenarios that belong together; may be repeated (default: quick)",
    )
    parser.add_argument("--rounds", type=_positive, default=7, help="default: 7")
    parser.add_argument("--seconds", type=float, default=0.4, help="per slice (default: 0.4)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw SVG and PNG there")


def _add_contestants(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "clients",
        nargs="*",
        metavar="CLIENT",
        help=f"of {', '.join(CONTESTANTS)} (default: those that are set up or installed)",
    )


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="BEFORE", help="a file of wall --json")
    parser.add_argument("after", type=Path, metavar="AFTER", help="another, from the same machine")


def _add_plot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("result", type=Path, metavar="RESULT", help="a file of wall --json")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the plots go")


def _add_startup(parser: argparse.ArgumentParser) -> None:
    _add_contestants(parser)
    parser.add_argument("--rounds", type=_positive, default=11, help="default: 11")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured")


def _add_idle(parser: argparse.ArgumentParser) -> None:
    _add_contestants(parser)
    parser.add_argument("--rounds", type=_positive, default=3, help="default: 3")
    parser.add_argument("--connections", type=_positive, default=500, help="default: 500")
    parser.add_argument("--tls", action="store_true", help="connections with TLS")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured")


def _add_memory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help="default: those installed")
    parser.add_argument("--work", choices=WORK, default="get", help="a request (default: get)")
    parser.add_argument("--requests", type=_positive, default=400, help="counted (default: 400)")
    parser.add_argument("--tasks", type=_positive, default=1, help="at a time (default: 1)")
    parser.add_argument("--budget", type=_positive, metavar="N", help="exit 1 if wherry takes more")
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="to compare with, from --save"
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep this run as a baseline")


def _add_gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--requests", type=_positive, default=200, help="counted (default: 200)")
    parser.add_argument(
        "--save", action="store_true", help="write the baseline instead of comparing with it"
    )


def _add_micro(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=_positive, default=15, help="default: 15")
    parser.add_argument("--seconds", type=float, default=0.05, help="per turn (default: 0.05)")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return number


def _micro(options: argparse.Namespace) -> int:
    """Imported when it is asked for: the other commands do without wherry in this environment."""
    from ._run_micro import micro

    return micro(options)


_COMMANDS = {
    "setup": setup,
    "wall": wall,
    "compare": compare,
    "plot": plot,
    "startup": startup,
    "idle": idle,
    "memory": memory,
    "gate": gate,
    "micro": _micro,
}

_REFUSALS = (ValueError, OSError, CountingError, OtherMachineError, NoMatplotlibError)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 2 for contestants that cannot run and results that cannot be compared."""
    options = argument_parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options)
    except _REFUSALS as exc:
        print(exc, file=sys.stderr)
        return 2
