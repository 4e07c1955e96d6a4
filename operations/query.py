"""`pipeline query`: asks the warehouse: the local file, a running endpoint, or Redshift on AWS."""

from typing import Annotated

import typer

from local_cloud.redshift import SqlError, read_only_query
from local_cloud.state import StateFolder
from operations import display
from operations.errors import OperationError
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.terminal import console, told
from operations.warehouse import Result, Warehouse

_WAIT_SECONDS = 5


def query(
    sql: Annotated[str, typer.Argument(help="A query in Redshift SQL.")],
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
    database: Annotated[str, typer.Option(help="On AWS: the database.")] = "goodreads",
    user: Annotated[str, typer.Option(help="On AWS: the database user.")] = "pipeline",
    region: Annotated[str | None, typer.Option(help="On AWS: the region.")] = None,
    profile: Annotated[str | None, typer.Option(help="On AWS: the profile.")] = None,
) -> None:
    """Ask the warehouse."""
    with told():
        columns, rows = (
            query_aws(sql, cluster=name, database=database, user=user, region=region, profile=profile)
            if aws
            else query_here(StateFolder(state), sql)
        )
        console.print(display.rows_table(columns, rows))


def query_here(state: StateFolder, sql: str) -> Result:
    """Against the state folder: through the endpoint's Data API if one runs, else from the file, read-only."""
    if endpoint := state.running():
        endpoint.addresses.adopt()
        return Warehouse(user="query").run(sql)
    if not state.warehouse.exists():
        raise OperationError(f"there is no warehouse in {state.root} yet: run the pipeline first (make run)")
    try:
        return read_only_query(state.warehouse, sql)
    except SqlError as error:
        raise OperationError(str(error)) from None


def query_aws(
    sql: str, *, cluster: str, database: str, user: str, region: str | None, profile: str | None
) -> Result:
    """Against Redshift with temporary IAM credentials (redshift:GetClusterCredentials), over TLS.

    The cluster has no public address: this needs a network that reaches its VPC.
    """
    import redshift_connector.error  # noqa: PLC0415 - half a second that only this command needs

    try:
        with (
            redshift_connector.connect(
                iam=True,
                cluster_identifier=cluster,
                database=database,
                db_user=user,
                region=region,
                profile=profile,
                ssl=True,
                timeout=_WAIT_SECONDS,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            return [name for name, *_ in cursor.description], [tuple(row) for row in cursor.fetchall()]
    except (redshift_connector.error.Error, OSError, ValueError) as error:
        raise OperationError(
            f"Redshift cluster {cluster} could not be queried: {error}. The cluster is reachable from its VPC "
            "only; from elsewhere use `aws redshift-data execute-statement`"
        ) from None
