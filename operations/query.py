"""`pipeline query`: asks the warehouse: the local file, a running endpoint, or Redshift on AWS."""

import csv
import sys
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

import boto3
import typer

from capture.options import seconds
from local_cloud.redshift import SqlError, read_only_query
from local_cloud.state import StateFolder
from operations import display
from operations.errors import OperationError
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.terminal import console, told
from operations.warehouse import Result, Warehouse, administrated, asked_by_a_reader

_INTERRUPTED = "[bold]interrupted[/]: the statement was cancelled"


def query(
    sql: Annotated[str, typer.Argument(help="A query in Redshift SQL.")],
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
    database: Annotated[str, typer.Option(help="On AWS: the database.")] = "goodreads",
    user: Annotated[
        str | None,
        typer.Option(help="The database user; default: on AWS yours, here the cluster's master user."),
    ] = None,
    region: Annotated[str | None, typer.Option(help="On AWS: the region.")] = None,
    profile: Annotated[str | None, typer.Option(help="On AWS: the profile.")] = None,
    timeout: Annotated[
        float,
        typer.Option(
            parser=seconds, metavar="TIME", help="Cancel the statement after this time: 30s, 5m, 1h."
        ),
    ] = "10m",  # type: ignore[assignment] # the parser reads the default, too
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV; NULL is an empty field.")] = False,
) -> None:
    """Ask the warehouse."""
    with told(farewell=_INTERRUPTED):
        if aws:
            client = boto3.Session(region_name=region, profile_name=profile).client("redshift-data")
            warehouse = Warehouse(name, database, user, client, timeout)
            columns, rows = asked_by_a_reader(warehouse, sql)
        else:
            columns, rows = query_here(StateFolder(state), sql, user=user, timeout=timeout)
        if as_csv and console.as_json:
            raise OperationError("give --csv or --json, not both")
        if as_csv:
            csv.writer(sys.stdout, lineterminator="\n").writerows([columns, *rows])
        else:
            document = {"columns": columns, "rows": rows}
            console.answer(document, lambda: console.print(display.rows_table(columns, rows)))


def query_here(
    state: StateFolder,
    sql: str,
    *,
    user: str | None = None,
    timeout: float | None = None,
    parameters: Mapping[str, str] = MappingProxyType({}),
) -> Result:
    """Against the state folder: through the endpoint's Data API if one runs, else from the file, read-only."""
    if endpoint := state.running():
        endpoint.addresses.adopt()
        warehouse = administrated(timeout=timeout)
        return (replace(warehouse, user=user) if user else warehouse).run(sql, **parameters)
    if user:
        raise OperationError("only an endpoint knows users: start one (make up), or leave --user out")
    if not state.warehouse.exists():
        raise OperationError(f"there is no warehouse in {state.root} yet: run the pipeline first (make run)")
    try:
        return read_only_query(state.warehouse, sql, parameters)
    except SqlError as error:
        raise OperationError(str(error)) from None
