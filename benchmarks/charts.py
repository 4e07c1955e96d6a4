"""Charts of docs/performance.md."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.results import Result, usages
from benchmarks.rounds import median_usage, time_ratio
from benchmarks.sections import states_of
from benchmarks.tables import number, size_words
from benchmarks.transform import OTHERS, OURS

_OURS, _OTHERS = "#1f5a8a", "#b8c4ce"
_WIDTH, _BAR_HEIGHT, _ROOM = 8.0, 0.42, 1.0  # inches
_LABEL_ROOM = 1.35  # of the longest bar
_STATES_SHOWN = 12


def draw_transform(result: Result, path: Path) -> str:
    """A bar for each contestant's seconds, with its ratio to the pipeline's; what the chart shows."""
    used = {name: usages(result["figures"]["used"][name]) for name in (OURS, *OTHERS)}
    seconds = {name: median_usage(rounds).seconds for name, rounds in used.items()}
    labels = {
        name: f"{number(took)} s"
        + ("" if name == OURS else f" ({number(time_ratio(used[name], used[OURS]).median)} times)")
        for name, took in seconds.items()
    }
    words = {OURS: OURS} | OTHERS
    title = f"Transform of {size_words(result['load']['bytes'])} of CSV: seconds, and times the pipeline's"
    _bars(
        path,
        title,
        {words[name]: took for name, took in seconds.items()},
        [labels[name] for name in seconds],
        marked=OURS,
    )
    return title


def draw_states(result: Result, path: Path) -> str:
    """A bar for each of the longest states, in order of entry; what the chart shows."""
    seconds = {name: median_usage(used).seconds for name, used in states_of(result).items()}
    longest = sorted(seconds, key=lambda name: seconds[name], reverse=True)[:_STATES_SHOWN]
    shown = {name: took for name, took in seconds.items() if name in longest}
    title = f"{size_words(result['load']['bytes'])} of CSV through the pipeline: seconds by state"
    _bars(path, title, shown, [f"{number(took)} s" for took in shown.values()], marked="TransformToProcessed")
    return title


def _bars(path: Path, title: str, seconds: Mapping[str, float], labels: list[str], *, marked: str) -> None:
    names, values = list(seconds), list(seconds.values())
    figure = Figure(figsize=(_WIDTH, _ROOM + _BAR_HEIGHT * len(names)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(names, values, color=[_OURS if name == marked else _OTHERS for name in names])
    axes.bar_label(bars, labels=labels, padding=4)
    axes.invert_yaxis()
    axes.set_xlim(0, max(values) * _LABEL_ROOM)
    axes.set_xlabel("seconds")
    axes.set_title(title, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    # equal figures give equal files
    with mpl.rc_context({"svg.hashsalt": path.name}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
