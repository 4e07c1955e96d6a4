"""`python -m benchmarks`: measures what the pipeline costs, against other ways, and writes docs/performance.md."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import BenchmarkError, results
from benchmarks.contests import RECORDS, run_contest, run_generators, run_whole
from benchmarks.imports import run_imports
from benchmarks.loads import Load, LoadFolder, ready
from benchmarks.shapes import run_shapes, shapes_told
from command_line.telling import told
from landing.sizes import size_in_bytes
from stacks import ROOT

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console(stderr=True)

Scale = Annotated[float, typer.Option(help="Share of the original's load of 12.2 GB.", min=0.0001, max=1)]
Runs = Annotated[int, typer.Option(help="Rounds; every contestant runs once in each.", min=1)]
Work = Annotated[Path, typer.Option(help="Folder for loads and outputs; a load is made once and kept.")]
Results = Annotated[Path, typer.Option("--results", help="Folder for the raw figures.")]
Docs = Annotated[Path, typer.Option(help="Folder for the page and its charts.")]
DEFAULT_WORK, DEFAULT_RESULTS, DEFAULT_DOCS = (
    ROOT / ".state" / "benchmarks",
    ROOT / "benchmarks" / "results",
    ROOT / "docs",
)
GROWTH = (0.01, 0.1, 1.0)
TOOLS = ("polars", "matplotlib")
"""What only the benchmarks import; it is looked for before anything is measured, not after hours of it."""

Parts = Annotated[
    int | None,
    typer.Option(
        parser=size_in_bytes,
        metavar="SIZE",
        help="Split the load into files of at most SIZE, for all contestants.",
    ),
]


@app.command()
def generator(
    *,
    runs: Runs = 5,
    records: Annotated[int, typer.Option(help="Records of each dataset.", min=1)] = RECORDS,
    work: Work = DEFAULT_WORK,
    folder: Results = DEFAULT_RESULTS,
) -> None:
    """Measure faker_tool against the original's generator."""
    _measure_generator(runs, records, work, folder)


@app.command()
def imports(
    *,
    runs: Runs = 5,
    megabytes: Annotated[int, typer.Option(help="Size of each file.", min=1)] = 200,
    work: Work = DEFAULT_WORK,
    folder: Results = DEFAULT_RESULTS,
) -> None:
    """Measure the imports of research data against DuckDB's reading of the same files."""
    with _told():
        figures = vars(run_imports(work.resolve() / "imports", runs, megabytes))
        command = f"python -m benchmarks imports --megabytes {megabytes} --runs {runs}"
        console.print(f"wrote {results.write(folder, 'imports', command=command, figures=figures)}")


@app.command()
def transform(
    *,
    scale: Scale = 0.1,
    runs: Runs = 5,
    files_of: Parts = None,
    work: Work = DEFAULT_WORK,
    folder: Results = DEFAULT_RESULTS,
) -> None:
    """Measure the Spark job against other ways to keep the newest version of each record."""
    _measure_transform(LoadFolder.of(work, scale, files_of), runs, folder)


@app.command()
def pipeline(
    *, scale: Scale = 0.1, runs: Runs = 5, work: Work = DEFAULT_WORK, folder: Results = DEFAULT_RESULTS
) -> None:
    """Measure the whole pipeline, state by state, against DuckDB alone."""
    _measure_pipeline(LoadFolder.of(work, scale), runs, folder)


@app.command()
def growth(*, runs: Runs = 1, work: Work = DEFAULT_WORK, folder: Results = DEFAULT_RESULTS) -> None:
    """Measure the whole pipeline with 0.01, 0.1 and all of the load, unless a result is already there."""
    for scale in GROWTH:
        load_folder = LoadFolder.of(work, scale)
        if not (folder / f"pipeline-{load_folder.name}.json").exists():
            _measure_pipeline(load_folder, runs, folder)


@app.command()
def shapes(
    *, scale: Scale = 0.01, runs: Runs = 1, work: Work = DEFAULT_WORK, folder: Results = DEFAULT_RESULTS
) -> None:
    """Measure one file and many small files against four of the same bytes, and the memory of a task that unpacks gzip."""
    with _told():
        found = run_shapes(work.resolve(), scale, runs)
        command = f"python -m benchmarks shapes --scale {scale:g} --runs {runs}"
        path = results.write(folder, f"shapes-{scale:g}", command=command, figures=vars(found))
        for name, line in shapes_told(found).items():
            console.print(f"{name}: {line}")
        console.print(f"wrote {path}")


@app.command()
def growth_plan() -> None:
    """Print what the pipeline's planner makes of a hundred times the load: the table of docs/growth.md."""
    from benchmarks.growth_plan import growth_table  # noqa: PLC0415 (loads Spark)

    typer.echo(growth_table())


@app.command()
def report(*, folder: Results = DEFAULT_RESULTS, docs: Docs = DEFAULT_DOCS) -> None:
    """Write docs/performance.md and its charts from the results."""
    with _told():
        from benchmarks.report import write_page  # noqa: PLC0415 (loads matplotlib)

        console.print(f"wrote {write_page(folder, docs)}")


@app.command(name="all")
def all_(
    *,
    scale: Scale = 0.1,
    runs: Runs = 5,
    work: Work = DEFAULT_WORK,
    folder: Results = DEFAULT_RESULTS,
    docs: Docs = DEFAULT_DOCS,
) -> None:
    """Measure pipeline and transform with one load, then write the report."""
    load_folder = LoadFolder.of(work, scale)
    _measure_pipeline(load_folder, runs, folder)
    _measure_transform(load_folder, runs, folder)
    report(folder=folder, docs=docs)


def _measure_generator(runs: int, records: int, work: Path, folder: Path) -> None:
    with _told():
        figures = vars(run_generators(work.resolve(), runs, records))
        command = f"python -m benchmarks generator --records {records} --runs {runs}"
        console.print(f"wrote {results.write(folder, 'generator', command=command, figures=figures)}")


def _measure_transform(load_folder: LoadFolder, runs: int, folder: Path) -> None:
    with _told():
        load = ready(load_folder)
        _write(load, "transform", runs, folder, vars(run_contest(load, runs)))


def _measure_pipeline(load_folder: LoadFolder, runs: int, folder: Path) -> None:
    with _told():
        load = ready(load_folder)
        _write(load, "pipeline", runs, folder, vars(run_whole(load, runs)))


def _write(load: Load, contest: str, runs: int, folder: Path, figures: dict[str, object]) -> None:
    load_folder = load.folder
    parts = f" --files-of {load_folder.part_bytes}" if load_folder.part_bytes else ""
    command = f"python -m benchmarks {contest} --scale {load_folder.scale:g} --runs {runs}{parts}"
    path = results.write(folder, f"{contest}-{load_folder.name}", command=command, figures=figures, load=load)
    console.print(f"wrote {path}")


@contextmanager
def _told() -> Iterator[None]:
    """Log each measurement when it is made; tell an error that a person can mend in one line, a missing package first of all."""
    logging.getLogger("benchmarks").setLevel(logging.INFO)
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    with told(console, BenchmarkError):
        if missing := [name for name in TOOLS if find_spec(name) is None]:
            raise BenchmarkError(
                f"{' and '.join(missing)} not found among the installed packages; the benchmarks need them: run `make tools`"
            )
        yield


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
