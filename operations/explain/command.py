"""`pipeline explain`."""

from collections.abc import Mapping
from contextlib import ExitStack
from enum import StrEnum
from typing import Annotated

import typer

from catalog import AUTHORS, BOOKS, REVIEWS, USERS
from landing.sizes import size_in_bytes
from local_cloud.state import StateFolder
from operations.errors import OperationError
from operations.explain.display import document, show
from operations.explain.explaining import explain as explain_record
from operations.explain.stored import Ask, Stored
from operations.forget.subject import Subject
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.query import query_here
from operations.terminal import console, told
from operations.warehouse import Result, Warehouse, asked_by_a_reader
from operations.zones import zones_of

_LARGEST_ID = 2**63 - 1


class Kind(StrEnum):
    """What can be explained."""

    AUTHOR = "author"
    BOOK = "book"
    REVIEW = "review"
    USER = "user"


_DATASETS = {Kind.AUTHOR: AUTHORS, Kind.BOOK: BOOKS, Kind.REVIEW: REVIEWS, Kind.USER: USERS}


def explain(
    kind: Annotated[Kind, typer.Argument(help="What it is.", metavar="author|book|review|user")],
    key: Annotated[int, typer.Argument(min=0, max=_LARGEST_ID, help="Its id.", metavar="ID")],
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
    database: Annotated[str, typer.Option(help="On AWS: the database.")] = "goodreads",
    user: Annotated[str | None, typer.Option(help="On AWS: the database user; default: yours.")] = None,
    read_at_most: Annotated[
        int,
        typer.Option(
            parser=size_in_bytes,
            metavar="SIZE",
            help="Read at most this much of the archive, the newest runs first, and of quarantine.",
        ),
    ] = "1GB",  # type: ignore[assignment] # the parser reads the default, too
) -> None:
    """Tell where a row comes from: run, file and record; what it superseded, what was rejected, where it is ranked and flagged."""
    with told(farewell="[bold]interrupted[/]: nothing was changed"), ExitStack() as stack:
        subject = Subject(_DATASETS[kind], key)
        folder = StateFolder(state)
        zones = stack.enter_context(zones_of(folder, name, on_aws=aws))
        stored = Stored(_on_aws(Warehouse(name, database, user)) if aws else _here(folder))
        table = f"goodreads_warehouse.{subject.dataset.name}"
        if table not in stored.tables:
            raise OperationError(f"there is no table {table} yet: run the pipeline first (make run)")
        explanation = explain_record(subject, stored, zones, read_at_most)
        console.answer(document(explanation), lambda: show(console, explanation, subject.dataset.key))


def _on_aws(warehouse: Warehouse) -> Ask:
    return lambda sql, parameters: asked_by_a_reader(warehouse, sql, **parameters)


def _here(folder: StateFolder) -> Ask:
    def ask(sql: str, parameters: Mapping[str, str]) -> Result:
        return query_here(folder, sql, parameters=parameters)

    return ask
