"""`python -m faker_tool --size 100MB --out DIR`."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import humanfriendly
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from catalog import DATASETS, Dataset, dataset_named
from faker_tool.generate import generate, planned_bytes

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


def _bytes(text: str) -> int:
    try:
        size = int(humanfriendly.parse_size(text))
    except humanfriendly.InvalidSize:
        size = 0
    if size < 1:
        raise typer.BadParameter(f"{text!r} is not a size; write it like 500kB, 100MB or 11.4GB")
    return size


def _datasets(text: str) -> tuple[Dataset, ...]:
    try:
        return tuple(dataset_named(name.strip()) for name in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--datasets") from None


@app.command()
def main(
    *,
    out: Annotated[Path, typer.Option(help="Folder for the files; created if missing.", file_okay=False)],
    size: Annotated[
        int | None,
        typer.Option(parser=_bytes, metavar="SIZE", help="Bytes over all datasets, like 100MB or 11.4GB."),
    ] = None,
    records: Annotated[int | None, typer.Option(help="Records of each dataset, instead of --size.")] = None,
    seed: Annotated[int, typer.Option(help="Equal seed and --until give equal records.", min=0)] = 0,
    until: Annotated[
        datetime | None,
        typer.Option(
            help="Records are captured in the 30 days before this time (UTC).", show_default="today 00:00"
        ),
    ] = None,
    datasets: Annotated[str, typer.Option(metavar="NAME,NAME", help="Datasets to write.")] = ",".join(
        dataset.name for dataset in DATASETS
    ),
    files_of: Annotated[
        int | None,
        typer.Option(
            parser=_bytes, metavar="SIZE", help="Cut into reviews/part-00000.csv, ... of at most SIZE."
        ),
    ] = None,
    gzip: Annotated[bool, typer.Option("--gzip", help="Compress; sizes count before compression.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files of an earlier run.")] = False,
) -> None:
    """Write landing files that look captured: author.csv, book.csv, reviews.csv and user.csv.

    Give exactly one of --size and --records.
    """
    chosen = _datasets(datasets)
    try:
        expected = sum(planned_bytes(chosen, size=size, records=records).values())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--size / --records") from None
    with _progress() as progress:
        task = progress.add_task("Writing", total=expected)
        try:
            manifest = generate(
                out,
                size=size,
                records=records,
                seed=seed,
                until=until.replace(tzinfo=UTC) if until else None,
                datasets=chosen,
                files_of=files_of,
                gzip=gzip,
                force=force,
                progress=partial(progress.advance, task),
            )
        except FileExistsError as error:
            raise typer.BadParameter(str(error), param_hint="--out") from None
    speed = humanfriendly.format_size(manifest.bytes / manifest.seconds)
    typer.echo(
        f"{len(manifest.files)} files, {manifest.records:,} records, {manifest.bytes:,} bytes "
        f"in {manifest.seconds:.1f} s ({speed}/s)"
    )


def _progress() -> Progress:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


if __name__ == "__main__":
    app(prog_name="python -m faker_tool")
