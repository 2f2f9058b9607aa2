"""Plots of a result, as SVG and PNG, with matplotlib.

Decides what is drawn: for each group of scenarios how fast contestants are, for the scale scenarios
how the time of a request grows with the number at a time. matplotlib is in the bench environment
only, so it is imported when something is drawn.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._scenarios import SCENARIOS
from ._wall_report import ABOUT, Kept

INSTALL_HINT = "plots need matplotlib, which is in the bench environment: pip install matplotlib"

COLOURS = {
    "floor": "#9a9a9a",
    "wherry": "#0b6e99",
    "wherry-pure": "#6bb6d6",
    "aiohttp": "#c0392b",
    "aiohttp-malloc": "#e59a8f",
    "httpx": "#8e6c20",
    "httpx2": "#c9a94b",
    "niquests": "#6c4f9c",
    "pyreqwest": "#2e7d4f",
    "curl_cffi": "#7fb77e",
    "primp": "#444444",
    "websockets": "#b06f9b",
    "picows": "#2b2b7a",
}
"""The same contestant has the same colour in every plot."""

_OTHER = "#000000"
_HEIGHT = 0.3
"""Inches of a bar."""


class NoMatplotlibError(Exception):
    """matplotlib is not installed here."""


@dataclass(frozen=True)
class Bar:
    """One contestant in one scenario: microseconds per request, and the spread in the same."""

    client: str
    microseconds: float
    spread: float


def bars(kept: Kept, scenario: str) -> list[Bar]:
    """The contestants of a scenario, the fastest first."""
    found = [
        Bar(client, one.median * 1e6, one.median * one.spread * 1e6)
        for client, one in kept.summaries(scenario).items()
    ]
    return sorted(found, key=lambda bar: bar.microseconds)


def scale_lines(kept: Kept) -> dict[str, list[tuple[int, float]]]:
    """By contestant: tasks at a time, and microseconds per request."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for name, scenario in SCENARIOS.items():
        if scenario.group == "scale" and name in kept.results:
            for client, one in kept.summaries(name).items():
                lines.setdefault(client, []).append((scenario.tasks, one.median * 1e6))
    return lines


def groups(kept: Kept) -> dict[str, list[str]]:
    """Group to its scenarios in this result, but for the scale, which is lines; empty ones out."""
    found: dict[str, list[str]] = {}
    for name, slices in kept.results.items():
        group = SCENARIOS[name].group if name in SCENARIOS else "websocket"
        if slices and group != "scale":
            found.setdefault(group, []).append(name)
    return found


def draw(kept: Kept, folder: Path) -> list[Path]:
    """Writes every plot there is something for; the files. Raises NoMatplotlibError."""
    pyplot = _pyplot()
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for group, scenarios in groups(kept).items():
        written += _save(pyplot, _draw_bars(pyplot, kept, scenarios), folder / group)
    lines = scale_lines(kept)
    if lines:
        written += _save(pyplot, _draw_scale(pyplot, lines, _subtitle(kept)), folder / "scale")
    return written


def require_matplotlib() -> Any:
    """The package. Raises NoMatplotlibError; better before an hour of measuring than after it."""
    try:
        return importlib.import_module("matplotlib")
    except ImportError as exc:
        raise NoMatplotlibError(INSTALL_HINT) from exc


def _pyplot() -> Any:
    matplotlib = require_matplotlib()
    matplotlib.use("Agg")
    # Text stays text in an SVG, and the same data gives the same file.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "wherry"})
    return importlib.import_module("matplotlib.pyplot")


def _subtitle(kept: Kept) -> str:
    python = {facts.get("python", "") for facts in kept.contestants.values()} - {""}
    machine = kept.machine
    return f"{machine.get('cpu')} · {machine.get('kernel')} · Python {', '.join(sorted(python))}"


def _draw_bars(pyplot: Any, kept: Kept, scenarios: Sequence[str]) -> Any:
    rows = {name: bars(kept, name) for name in scenarios}
    heights = [_HEIGHT * len(found) + 0.5 for found in rows.values()]
    figure, axes = pyplot.subplots(
        len(rows),
        1,
        figsize=(8, sum(heights) + 0.8),
        squeeze=False,
        gridspec_kw={"height_ratios": heights},
        layout="constrained",
    )
    for (name, found), axis in zip(rows.items(), axes[:, 0], strict=True):
        _draw_scenario(axis, name, found)
    axes[-1, 0].set_xlabel(
        "µs per request, median; whiskers: half the quartile distance", fontsize=8
    )
    figure.suptitle(_subtitle(kept), fontsize=8, color="#555555")
    return figure


def _draw_scenario(axis: Any, name: str, found: Sequence[Bar]) -> None:
    axis.barh(
        [bar.client for bar in found],
        [bar.microseconds for bar in found],
        xerr=[bar.spread for bar in found],
        color=[COLOURS.get(bar.client, _OTHER) for bar in found],
        error_kw={"ecolor": "#333333", "capsize": 2, "linewidth": 0.8},
    )
    axis.invert_yaxis()
    axis.set_title(f"{name}: {ABOUT.get(name, '')}", loc="left", fontsize=9)
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    widest = max(bar.microseconds + bar.spread for bar in found)
    for row, bar in enumerate(found):
        axis.text(
            bar.microseconds + bar.spread + widest * 0.01,
            row,
            f"{bar.microseconds:,.0f}",
            va="center",
            fontsize=7,
        )
    axis.set_xlim(0, widest * 1.1)


def _draw_scale(
    pyplot: Any, lines: Mapping[str, Sequence[tuple[int, float]]], subtitle: str
) -> Any:
    figure, axis = pyplot.subplots(figsize=(8, 5), layout="constrained")
    for client, points in lines.items():
        axis.plot(
            [tasks for tasks, _ in points],
            [time for _, time in points],
            marker="o",
            markersize=3,
            label=client,
            color=COLOURS.get(client, _OTHER),
        )
    axis.set_xscale("log")
    axis.set_yscale("log")
    ticks = sorted({tasks for points in lines.values() for tasks, _ in points})
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.set_xlabel("requests at a time")
    axis.set_ylabel("µs per request")
    axis.legend(fontsize=8, frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(subtitle, fontsize=8, color="#555555")
    return figure


def _save(pyplot: Any, figure: Any, target: Path) -> list[Path]:
    files = [target.with_suffix(".svg"), target.with_suffix(".png")]
    for file in files:
        date = {"Date": None} if file.suffix == ".svg" else {}
        figure.savefig(file, dpi=120, metadata=date)
    pyplot.close(figure)
    return files
