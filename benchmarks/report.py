"""docs/performance.md and its charts, from the raw figures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template

from benchmarks import charts, sections
from benchmarks.aims import aims_section
from benchmarks.errors import BenchmarkError
from benchmarks.loads import FULL_BYTES
from benchmarks.results import Result, read
from benchmarks.tables import number, size_words

_TEMPLATE = Path(__file__).with_name("performance.md")
_NOT_YET = "Not measured yet."


def write_page(folder: Path, docs: Path) -> Path:
    """Write performance.md and its charts into `docs`.

    BenchmarkError if there is nothing to report, or if it comes from more than one machine.
    """
    transforms, pipelines, generators = (
        read(folder, contest) for contest in ("transform", "pipeline", "generator")
    )
    newest = _newest([*transforms, *pipelines, *generators])
    docs.mkdir(parents=True, exist_ok=True)
    parts = {
        "machine": _machine_words(newest),
        "versions": ", ".join(f"{name} {version}" for name, version in newest["versions"].items()),
        "full_size": size_words(FULL_BYTES),
        "aims": aims_section(transforms, pipelines, generators),
        "pipeline": _each(pipelines, sections.pipeline_section),
        "states_chart": _chart(pipelines, docs / "performance-states.svg", charts.draw_states),
        "growth": sections.growth_section(pipelines) if pipelines else _NOT_YET,
        "transform": _each(transforms, sections.transform_section),
        "transform_chart": _chart(transforms, docs / "performance-transform.svg", charts.draw_transform),
        "rows": _each(transforms, sections.rows_section),
        "duckdb": _each(pipelines, sections.duckdb_section),
        "generated": sections.generated_section(pipelines[0], generators[0])
        if pipelines and generators
        else "",
        "generator": _each(generators, sections.generator_section),
    }
    page = docs / _TEMPLATE.name
    page.write_text(Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(parts), encoding="utf-8")
    return page


def _newest(found: Sequence[Result]) -> Result:
    if not found:
        raise BenchmarkError(
            "there are no results to report; measure first: python -m benchmarks all --scale 0.01"
        )
    machines = {_machine_words(result): result["name"] for result in found}
    if len(machines) > 1:
        raise BenchmarkError(
            f"the results come from {len(machines)} machines, expected one: {machines}. Measure all on one, or remove the others"
        )
    return max(found, key=lambda result: str(result["date"]))


def _machine_words(result: Result) -> str:
    found = result["machine"]
    memory = f"{found['memory_bytes'] / 1024**3:.0f} GiB of memory"
    return f"{found['cpu']}, {found['cores']} cores, {memory}, {found['system']}"


def _each(found: Sequence[Result], section: Callable[[Result], str]) -> str:
    """A section for each load, under what was measured and when."""
    return "\n\n".join(f"{_load_words(result)}\n\n{section(result)}" for result in found) or _NOT_YET


def _load_words(result: Result) -> str:
    measured = f"`{result['command']}`, {result['date']}:"
    if not (load := result["load"]):
        return measured
    records = f"{number(sum(load['records'].values()) / 1_000_000)} million records"
    files = f"{load['files']} files{', cut for everybody' if load['in_parts'] else ''}"
    size = f"{size_words(load['bytes'])}, {records}, {files}"
    return f"**Load {load['scale']:g}** ({size}), {measured}"


def _chart(found: Sequence[Result], path: Path, draw: Callable[[Result, Path], str]) -> str:
    """A link to the chart of the greatest load, which is drawn."""
    return f"![{draw(found[0], path)}]({path.name})" if found else ""
