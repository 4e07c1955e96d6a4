"""`python -m operations`: the pipeline on this machine, and a look at it here or on AWS."""

import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from contract.keys import bucket_name
from local_cloud.addresses import REGION
from local_cloud.errors import LocalCloudError
from local_cloud.state import StateFolder
from operations import display
from operations.executions import Archive, Execution, StateMachine, visits

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console()
complaints = Console(stderr=True)

State = Annotated[
    Path, typer.Option("--state", help="Folder that keeps buckets, warehouse, executions and logs.")
]
OnAws = Annotated[
    bool, typer.Option("--aws", help="Ask AWS (credentials as for the AWS CLI), not this machine.")
]
Name = Annotated[str, typer.Option("--name", help="Name of the deployment: `name` in cdk.json.")]
Context = Annotated[
    list[str] | None, typer.Option("--context", "-c", help="Setting for the deployment, KEY=VALUE.")
]
DEFAULT_STATE = Path(".state")
DEFAULT_NAME = "goodreads"


@app.command()
def run(
    data: Annotated[
        Path | None, typer.Argument(help="Folder with CSV files; without it data is made up.")
    ] = None,
    size: Annotated[str, typer.Option(help="How much data to make up.")] = "20MB",
    window_start: Annotated[str | None, typer.Option(help="First day of the reviews to analyse.")] = None,
    window_end: Annotated[str | None, typer.Option(help="Day after the last; default: now.")] = None,
    accept_rejects: Annotated[
        bool, typer.Option("--accept-rejects", help="Publish the rest however many rows are rejected.")
    ] = False,
    state: State = DEFAULT_STATE,
    name: Name = DEFAULT_NAME,
    context: Context = None,
) -> None:
    """Files in, audited warehouse and analytics out: one execution of the deployed state machine."""
    from operations import local_landing as landing  # noqa: PLC0415

    folder = StateFolder(state)
    with _told(), tempfile.TemporaryDirectory() as made_up:
        source = data or _made_up(Path(made_up), size)
        landing.files_of(source)
        with _endpoint_for_run(folder, name, context):
            execution = _one_run(source, name, _input(window_start, window_end, accept_rejects))
    if execution.status == "SUCCEEDED":
        _show_hint(folder, execution)
    sys.exit(0 if execution.status == "SUCCEEDED" else 1)


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the control plane; S3 is on the next one.")] = 4510,
    deploy: Annotated[
        bool, typer.Option(help="Deploy the stacks at once; --no-deploy leaves it to the CDK CLI.")
    ] = True,
    state: State = DEFAULT_STATE,
    context: Context = None,
) -> None:
    """An endpoint that stays: the plain `aws` and `cdk` commands work against it, and the schedule fires."""
    from local_cloud.endpoint import serving  # noqa: PLC0415
    from local_cloud.events import Schedule  # noqa: PLC0415

    folder = StateFolder(state)
    with _told(), serving(folder, "up", port) as addresses:
        if deploy:
            _deploy(folder, context)
        console.print("[bold]the endpoint is up[/]; in another terminal:\n")
        for key, value in addresses.variables().items():
            console.print(f"export {key}={value}", highlight=False, soft_wrap=True)
        console.print("\nCtrl-C ends it; the state stays in", str(state.resolve()))
        with closing(Schedule()) as schedule:
            schedule.start()
            threading.Event().wait()


@app.command()
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
    from operations.warehouse_query import query_aws, query_here  # noqa: PLC0415

    with _told():
        columns, rows = (
            query_aws(sql, cluster=name, database=database, user=user, region=region, profile=profile)
            if aws
            else query_here(StateFolder(state), sql)
        )
        console.print(display.rows_table(columns, rows))


@app.command()
def status(state: State = DEFAULT_STATE, aws: OnAws = False, name: Name = DEFAULT_NAME) -> None:
    """The executions and how they ended, the newest first."""
    with _told():
        found = [
            execution
            for source in _sources(StateFolder(state), aws, name)
            for execution in source.executions()
        ]
        unique = {execution.name: execution for execution in reversed(found)}
        newest_first = sorted(unique.values(), key=lambda execution: execution.started, reverse=True)
        console.print(display.executions_table(newest_first))


@app.command()
def history(
    execution: Annotated[
        str | None, typer.Argument(help="Name of the execution; default: the newest.")
    ] = None,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
) -> None:
    """The states of one execution, how long each took, and what came of it."""
    with _told():
        for source in _sources(StateFolder(state), aws, name):
            for candidate in source.executions():
                if execution in (None, candidate.name):
                    console.print(display.states_table(candidate, visits(source.events(candidate.name))))
                    display.report(console, candidate)
                    return
        raise LocalCloudError(
            f"there is no execution {execution}; `status` lists those there are"
            if execution
            else "there is no execution yet: run the pipeline first (make run)"
        )


@app.command()
def replay(
    run: Annotated[str, typer.Argument(help="Name of the run that has rejected rows or files.")],
    export: Annotated[
        Path | None, typer.Option(help="Only write them to this new folder, to be repaired there.")
    ] = None,
    repaired: Annotated[
        Path | None,
        typer.Option("--from", help="Land the files of this folder instead of what was rejected."),
    ] = None,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
) -> None:
    """Put what a run has rejected back into the landing zone, as it is or repaired."""
    from operations import replay as replaying  # noqa: PLC0415

    with _told(), ExitStack() as stack:
        if export and repaired:
            raise LocalCloudError("give --export first, and --from once the files are repaired: not both")
        here = replaying.zones_here(StateFolder(state), name)
        zones = replaying.zones_on_aws(name) if aws else stack.enter_context(here)
        if export:
            replaying.show_export(console, replaying.export(zones, run, export), export)
        else:
            landed = replaying.land(zones, run, repaired) if repaired else replaying.replay(zones, run)
            replaying.show_landed(console, landed)


@contextmanager
def _told() -> Iterator[None]:
    """Errors a person can mend are told in a line; Ctrl-C and SIGTERM end the command in order."""
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's background job starts with SIGINT ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        yield
    except LocalCloudError as error:
        complaints.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except (ClientError, BotoCoreError) as error:
        complaints.print(
            f"[bold red]error:[/] AWS answered: {escape(str(error))}", highlight=False, soft_wrap=True
        )
        sys.exit(1)
    except KeyboardInterrupt:
        complaints.print(
            "[bold]interrupted[/]: what was not published is still in the landing zone, the next run takes it"
        )
        sys.exit(130)


@contextmanager
def _endpoint_for_run(folder: StateFolder, name: str, context: list[str] | None) -> Iterator[None]:
    """An endpoint of its own, or the one that `up` keeps for this folder."""
    from local_cloud.endpoint import serving  # noqa: PLC0415

    running = folder.running()
    if running and running.purpose == "up":
        if context:
            raise LocalCloudError(
                "`up` serves this folder with its own settings: give --context to `up`, or another --state"
            )
        running.addresses.adopt()
        console.print(f"using the endpoint at {running.url}")
        yield
        return
    with serving(folder, "run"):
        _deploy(folder, [*(context or []), f"name={name}"])
        yield


def _deploy(folder: StateFolder, context: list[str] | None) -> None:
    from local_cloud import account, deploy  # noqa: PLC0415
    from local_cloud.synthesis import synthesize  # noqa: PLC0415

    with console.status("synthesizing and deploying the stacks"):
        synthesize(folder.assembly, _settings(context))
        deploy.apply(folder.assembly, account.ACCOUNT, REGION)


def _settings(context: list[str] | None) -> dict[str, str]:
    """The context of the deployment; statements here end within a second or are asked for every second."""
    settings = {"statement_poll_seconds": "1"}
    for pair in context or []:
        key, equals, value = pair.partition("=")
        if not equals:
            raise LocalCloudError(f"--context {pair} is not of the form KEY=VALUE")
        settings[key] = value
    return settings


def _one_run(source: Path, name: str, execution_input: dict[str, Any]) -> Execution:
    from local_cloud import account  # noqa: PLC0415
    from operations import local_landing as landing  # noqa: PLC0415
    from operations.run import run_once  # noqa: PLC0415

    with console.status(f"putting the files of {source} into the landing zone"):
        landing.put(source, bucket_name(name, "landing", account.ACCOUNT, REGION))
    execution = run_once(console, name, execution_input)
    display.report(console, execution)
    return execution


def _made_up(folder: Path, size: str) -> Path:
    import humanfriendly  # noqa: PLC0415

    from faker_tool.generate import generate  # noqa: PLC0415
    from faker_tool.sizes import size_in_bytes  # noqa: PLC0415

    try:
        wanted = size_in_bytes(size)
        with console.status(f"making up {size} of data"):
            made = generate(folder, size=wanted, records=None, force=True)
    except ValueError as error:
        raise LocalCloudError(f"--size: {error}") from None
    console.print(f"made up {made.records:,} records, {humanfriendly.format_size(made.bytes)}")
    return folder


def _input(start: str | None, end: str | None, accept_rejects: bool) -> dict[str, Any]:
    given = {"window_start": start, "window_end": end, "accept_rejects": accept_rejects}
    return {key: value for key, value in given.items() if value}


def _show_hint(folder: StateFolder, execution: Execution) -> None:
    from operations.run import review_span, window_of  # noqa: PLC0415
    from operations.warehouse_query import query_here  # noqa: PLC0415
    from sql import statements  # noqa: PLC0415

    window = window_of(execution)
    if window and (hint := review_span(query_here(folder, statements.review_span())[1], window)):
        console.print(f"[yellow]note: {hint}[/]", highlight=False)


def _sources(folder: StateFolder, aws: bool, name: str) -> list[Any]:
    running = folder.running()
    if aws:
        return [_machine_on_aws(name)]
    if running:
        running.addresses.adopt()
        with suppress(KeyError):  # not deployed yet
            return [StateMachine(boto3.client("stepfunctions"), name), Archive(folder.executions)]
    return [Archive(folder.executions)]


def _machine_on_aws(name: str) -> StateMachine:
    try:
        return StateMachine(boto3.client("stepfunctions"), name)
    except KeyError:
        raise LocalCloudError(f"no state machine is named {name} there; deploy it, or give --name") from None


if __name__ == "__main__":
    app()
