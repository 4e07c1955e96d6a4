"""Writes docs/performance.md and its charts from the raw figures."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks import BenchmarkError, sections
from benchmarks.contests import OTHERS, OURS
from benchmarks.loads import FULL_BYTES
from benchmarks.measure import median_usage, time_ratio
from benchmarks.results import Result, read, usages
from benchmarks.sections import aims_section, number, size_words, states_of

_OURS, _OTHERS = "#1f5a8a", "#b8c4ce"
_WIDTH, _BAR_HEIGHT, _ROOM = 8.0, 0.42, 1.0  # inches
_LABEL_ROOM = 1.35  # of the longest bar
_STATES_SHOWN = 12

_TEMPLATE = Path(__file__).with_name("performance.md")
_NOT_YET = "Not measured yet."


def draw_transform(result: Result, path: Path) -> str:
    """Draw a bar for each contestant's seconds, with the ratio to the pipeline's; returns the chart's title."""
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
    """Draw a bar for each of the longest states, in order of entry; returns the chart's title."""
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
    # a fixed salt and no date: equal figures give equal files
    with mpl.rc_context({"svg.hashsalt": path.name}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def write_page(folder: Path, docs: Path) -> Path:
    """Write performance.md and its charts into `docs`.

    Results in the subfolder `earlier` are shown beside the aims. Raises BenchmarkError if there are no results, or if they come from
    more than one machine.
    """
    results, earlier = _results(folder), _results(folder / "earlier")
    transforms, pipelines, generators = results.transforms, results.pipelines, results.generators
    newest = _newest(results.all())
    docs.mkdir(parents=True, exist_ok=True)
    parts = {
        "machine": _machine_words(newest),
        "versions": ", ".join(f"{name} {version}" for name, version in newest["versions"].items()),
        "full_size": size_words(FULL_BYTES),
        "aims": aims_section(results, earlier),
        "earlier": _earlier_words(earlier),
        "pipeline": _each(pipelines, sections.pipeline_section),
        "states_chart": _chart(pipelines, docs / "performance-states.svg", draw_states),
        "growth": sections.growth_section(pipelines) if pipelines else _NOT_YET,
        "transform": _each(transforms, sections.transform_section),
        "transform_chart": _chart(transforms, docs / "performance-transform.svg", draw_transform),
        "rows": _each(transforms, sections.rows_section),
        "duckdb": _each(pipelines, sections.duckdb_section),
        "generated": sections.generated_section(pipelines[0], generators[0])
        if pipelines and generators
        else "",
        "generator": _each(generators, sections.generator_section),
        "imports": _each(results.imports, sections.imports_section),
        "shapes": _each(results.shapes, sections.shapes_section),
    }
    page = docs / _TEMPLATE.name
    page.write_text(Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(parts), encoding="utf-8")
    return page


def _results(folder: Path) -> sections.Results:
    return sections.Results(
        transforms=read(folder, "transform"),
        pipelines=read(folder, "pipeline"),
        generators=read(folder, "generator"),
        imports=read(folder, "imports"),
        shapes=read(folder, "shapes"),
    )


def _earlier_words(earlier: sections.Results) -> str:
    if not (results := earlier.all()):
        return ""
    names: dict[str, list[str]] = {}
    for result in results:
        names.setdefault(result["date"], []).append(f"`{result['name']}`")
    days = " and ".join(f"{day} ({', '.join(sorted(names[day]))})" for day in sorted(names))
    machines = " and ".join(sorted({_machine_words(result) for result in results}))
    return (
        f"The earlier figures are of {days}, on {machines}; of two machines, or of two days, only ratios compare. They are those of the code "
        "of 2026-11-23: then the copy read every byte to cut large files, and all rows went through a shuffle."
    )


def _newest(results: Sequence[Result]) -> Result:
    if not results:
        raise BenchmarkError(
            "there are no results to report; measure first: python -m benchmarks all --scale 0.01"
        )
    machines = {_machine_words(result): result["name"] for result in results}
    if len(machines) > 1:
        raise BenchmarkError(
            f"the results come from {len(machines)} machines, expected one: {machines}. Measure all on one machine, "
            "or remove the results of the other machines"
        )
    return max(results, key=lambda result: str(result["date"]))


def _machine_words(result: Result) -> str:
    machine = result["machine"]
    memory = f"{machine['memory_bytes'] / 1024**3:.0f} GiB of memory"
    return f"{machine['cpu']}, {machine['cores']} cores, {memory}, {machine['system']}"


def _each(results: Sequence[Result], section: Callable[[Result], str]) -> str:
    """A section for each load, below a line that says what was measured and when."""
    return "\n\n".join(f"{_load_words(result)}\n\n{section(result)}" for result in results) or _NOT_YET


def _load_words(result: Result) -> str:
    measured = f"`{result['command']}`, {result['date']}:"
    if not (load := result["load"]):
        return measured
    records = f"{number(sum(load['records'].values()) / 1_000_000)} million records"
    files = f"{load['files']} files{', split for all contestants' if load['in_parts'] else ''}"
    size = f"{size_words(load['bytes'])}, {records}, {files}"
    return f"**Load {load['scale']:g}** ({size}), {measured}"


def _chart(results: Sequence[Result], path: Path, draw: Callable[[Result, Path], str]) -> str:
    """Draw the chart of the greatest load; returns a link to it."""
    return f"![{draw(results[0], path)}]({path.name})" if results else ""
