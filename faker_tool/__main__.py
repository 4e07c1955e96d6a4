"""`python -m faker_tool --size 100MB --out DIR`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Self

import humanize
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from catalog import DATASETS
from command_line.answers import AnsweringCommand, Json, answers
from command_line.counting import counted
from faker_tool import options
from faker_tool.faults import OF_FILES, OF_RECORDS
from faker_tool.generate import generate
from faker_tool.sizes import planned_bytes
from faker_tool.written import Manifest, manifest_document
from landing.errors import StoreError
from landing.sizes import size_in_bytes

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


@app.command(cls=AnsweringCommand)
def main(
    *,
    out: Annotated[
        str, typer.Option(help="Folder for the files, created if missing, or s3://bucket/prefix.")
    ],
    size: Annotated[
        int | None,
        typer.Option(
            parser=size_in_bytes, metavar="SIZE", help="Bytes over all datasets, like 100MB or 11.4GB."
        ),
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
            parser=size_in_bytes,
            metavar="SIZE",
            help="Split into reviews/part-00000.csv, ... of at most SIZE each.",
        ),
    ] = None,
    gzip: Annotated[bool, typer.Option("--gzip", help="Compress; sizes count before compression.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files of an earlier run.")] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=RATE",
            help="Share of the records or files that have a fault, like late=0.01; repeat the option for several "
            f"faults. Faults of records: {', '.join(OF_RECORDS)}. Faults of files: {', '.join(OF_FILES)}.",
        ),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="JSON file for the counts that the ledger should show after the load; keep it outside --out.",
            dir_okay=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write landing files that look captured: author.csv, book.csv, reviews.csv and user.csv.

    Give exactly one of --size and --records.
    """
    answers.choose(as_json=as_json)
    chosen, faults = options.named_datasets(datasets), options.faults_of(fault or [])
    if manifest and manifest.resolve().is_relative_to(Path(out).resolve()):
        raise typer.BadParameter(
            f"{manifest} would be among the landing files and be quarantined; choose a path outside --out",
            param_hint="--manifest",
        )
    try:
        expected = sum(planned_bytes(chosen, size=size, records=records).values())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--size / --records") from None
    if manifest:
        with _unwritable_told(manifest):
            _require_writable(manifest)
    with _progress() as progress:
        task = progress.add_task("Writing", total=expected)
        try:
            made = generate(
                out,
                size=size,
                records=records,
                seed=seed,
                until=until.replace(tzinfo=UTC) if until else None,
                datasets=chosen,
                files_of=files_of,
                gzip=gzip,
                force=force,
                faults=faults,
                expect=manifest is not None,
                progress=partial(progress.advance, task),
            )
        except (FileExistsError, StoreError) as error:
            raise typer.BadParameter(str(error), param_hint="--out") from None
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    if manifest:
        with _unwritable_told(manifest, f"; the {counted(len(made.files), 'file')} in {out} are complete"):
            manifest.write_text(manifest_document(made))
    summary = LoadSummary.of(made, manifest)
    answers.give(summary, lambda: typer.echo(summary))


@contextmanager
def _unwritable_told(manifest: Path, more: str = "") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{manifest} cannot be written: {error.strerror or error}{more}"
        raise typer.BadParameter(message, param_hint="--manifest") from None


def _require_writable(manifest: Path) -> None:
    """Raise OSError if the file cannot be written, before a load that may take an hour; its folder is created."""
    manifest.parent.mkdir(parents=True, exist_ok=True)
    is_new = not manifest.exists()
    with manifest.open("a"):
        pass
    if is_new:  # an empty manifest would stay if the load failed
        manifest.unlink()


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What the ledger should show after the load, over all datasets; the file `manifest` has the counts by dataset."""

    rows_read: int
    rows_inserted: int
    rows_quarantined: int
    files_quarantined: int
    manifest: Path

    @classmethod
    def after(cls, made: Manifest, manifest: Path) -> Self:
        """The sums of the counts in the manifest."""
        lines = [each.expected for each in made.datasets if each.expected]
        return cls(
            rows_read=sum(line.rows_read for line in lines),
            rows_inserted=sum(line.rows_inserted for line in lines),
            rows_quarantined=sum(line.rows_quarantined for line in lines),
            files_quarantined=sum(file.is_truncated for file in made.files),
            manifest=manifest,
        )

    def __str__(self) -> str:
        return (
            f"The ledger should show: {counted(self.rows_read, 'row')} read, {self.rows_inserted:,} inserted, "
            f"{self.rows_quarantined:,} quarantined, and {counted(self.files_quarantined, 'file')} quarantined whole; "
            f"the counts by dataset are in {self.manifest}"
        )


@dataclass(frozen=True, kw_only=True)
class LoadSummary:
    """What was written: `bytes` of CSV text, before compression, in `seconds`; `ledger` is None without `--manifest`."""

    files: int
    records: int
    bytes: int
    seconds: float
    ledger: Ledger | None

    @classmethod
    def of(cls, made: Manifest, manifest: Path | None) -> Self:
        """The summary of a load whose manifest lies in `manifest`, if it was asked for."""
        return cls(
            files=len(made.files),
            records=made.records,
            bytes=made.bytes,
            seconds=made.seconds,
            ledger=Ledger.after(made, manifest) if manifest else None,
        )

    def __str__(self) -> str:
        """One or two lines."""
        speed = humanize.naturalsize(self.bytes / self.seconds)
        written = (
            f"{counted(self.files, 'file')}, {counted(self.records, 'record')}, {self.bytes:,} bytes "
            f"in {self.seconds:.1f} s ({speed}/s)"
        )
        return f"{written}\n{self.ledger}" if self.ledger else written


def _progress() -> Progress:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


if __name__ == "__main__":
    app(prog_name="python -m faker_tool")
