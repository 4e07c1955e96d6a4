"""`pipeline rebuild`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from humanize import naturalsize
from rich.console import Console
from rich.table import Table
from rich.text import Text

from catalog import Dataset, dataset_named
from command_line.counting import counted
from local_cloud.state import StateFolder
from operations.deployment import warehouse_zones
from operations.errors import OperationError
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.rebuild.archive import ArchivedFile
from operations.rebuild.rebuilding import Rebuild
from operations.terminal import console, told
from operations.warehouse import Warehouse

_SHOWN = 20


def rebuild(
    table: Annotated[
        str, typer.Argument(help="Table of goodreads_warehouse: authors, books, reviews or users.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be landed again.")] = False,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Go on although the archive lacks files: you land those.")
    ] = False,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
    database: Annotated[str, typer.Option(help="On AWS: the database.")] = "goodreads",
    user: Annotated[str, typer.Option(help="On AWS: the database user.")] = "goodreads_pipeline",
) -> None:
    """Empty a table of the warehouse, take its files out of the ledger, and land them again from the archive."""
    farewell = f"[bold]interrupted[/]: `pipeline rebuild {table}` again does the rest"
    with told(farewell=farewell):
        dataset = _dataset(table)
        with warehouse_zones(StateFolder(state), name, purpose="rebuild", on_aws=aws) as zones:
            wanted = Rebuild(
                dataset=dataset,
                name=name,
                zones=zones,
                warehouse=Warehouse(name, database, user),
            )
            files = wanted.files() if dry_run else wanted.run(allow_missing=allow_missing)
        console.answer(
            _document(table, files, dry_run=dry_run), lambda: show(console, table, files, dry_run=dry_run)
        )


def _document(table: str, files: Sequence[ArchivedFile], *, dry_run: bool) -> dict[str, Any]:
    return {
        "table": table,
        "changed": not dry_run,
        "landed_again": [_file(archived) for archived in files if not archived.problem],
        "missing": [
            {**_file(archived), "problem": archived.problem} for archived in files if archived.problem
        ],
    }


def _file(archived: ArchivedFile) -> dict[str, Any]:
    file = archived.file
    return {"file": file.key, "run_id": file.run_id, "rows": file.rows, "bytes": file.size}


def show(to: Console, table: str, files: Sequence[ArchivedFile], *, dry_run: bool) -> None:
    """What is landed again, what is not and why, and what comes next."""
    held = [archived for archived in files if not archived.problem]
    missing = [archived for archived in files if archived.problem]
    size = naturalsize(sum(copy.size for archived in held for copy in archived.copies))
    rows = sum(archived.file.rows for archived in held)
    runs = len({archived.file.run_id for archived in held})
    what = f"{counted(len(held), 'file')} of {counted(runs, 'run')}, {counted(rows, 'row')}, {size}"
    if dry_run:
        text = f"would empty goodreads_warehouse.{table} and land again: {what}. Nothing was changed"
    else:
        text = f"goodreads_warehouse.{table} is empty; landed again: {what}. The next scheduled run loads them (on this machine: make up, or make run)"
    to.print(Text(text), soft_wrap=True)
    if missing:
        to.print(_missing_table(missing))


def _missing_table(missing: Sequence[ArchivedFile]) -> Table:
    table = Table(title="to be landed by hand", title_justify="left")
    for heading in ("file", "run", "rows", "why"):
        table.add_column(heading, justify="right" if heading == "rows" else "left", overflow="fold")
    for archived in missing[:_SHOWN]:
        file = archived.file
        table.add_row(Text(file.key), Text(file.run_id), f"{file.rows:,}", Text(archived.problem or ""))
    if len(missing) > _SHOWN:
        table.add_row(
            f"and {len(missing) - _SHOWN:,} more, see goodreads_warehouse.files_to_land", "", "", ""
        )
    return table


def _dataset(table: str) -> Dataset:
    try:
        return dataset_named(table)
    except ValueError as error:
        raise OperationError(f"{error}; those are the tables that can be rebuilt") from None
