"""`pipeline up`: an endpoint that stays up until Ctrl-C."""

import threading
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from local_cloud.cloudwatch import AlarmWatch, clusters_seen
from local_cloud.endpoint import serving
from local_cloud.events import Schedule
from local_cloud.state import StateFolder
from operations.console import Console
from operations.deployment import deploy_here
from operations.options import DEFAULT_STATE, Context, OnCluster, State
from operations.terminal import console, told
from spark_jobs.conf import SPARK_CONF

_FAREWELL = "the endpoint is down: files that were not published are still in the landing zone; the next run takes them"


def up(
    port: Annotated[
        int,
        typer.Option(
            help="Port of the control plane; S3 gets the port after it, the console the one after that."
        ),
    ] = 4510,
    deploy: Annotated[
        bool,
        typer.Option(help="Deploy the stacks at the start; with --no-deploy, deploy them with the CDK CLI."),
    ] = True,
    state: State = DEFAULT_STATE,
    context: Context = None,
    cluster: OnCluster = False,
) -> None:
    """Start an endpoint that stays up: plain `aws` and `cdk` commands work against it, and the schedule starts runs."""
    folder = StateFolder(state)
    with (
        told(farewell=_FAREWELL, interrupted=0),
        serving(folder, "up", port, spark=SPARK_CONF, cluster=cluster) as addresses,
        closing(Console(folder, port + 2)) as pages,
    ):
        pages.start()
        if deploy:
            deploy_here(folder, context or [])
        variables = addresses.variables()
        console.answer(
            {"state": str(state.resolve()), "variables": variables, "console": pages.address},
            partial(_show, variables, pages.address, state),
        )
        with closing(Schedule()) as schedule, closing(AlarmWatch(clusters_seen)) as alarms:
            schedule.start()
            alarms.start()
            threading.Event().wait()


def _show(variables: Mapping[str, str], pages: str, state: Path) -> None:
    console.print("[bold]the endpoint is up[/]; in another terminal:\n")
    for key, value in variables.items():
        console.print(f"export {key}={value}", highlight=False, soft_wrap=True)
    console.print(f"\nthe console is at {pages}", highlight=False, soft_wrap=True)
    console.print("\nCtrl-C ends it; the state stays in", str(state.resolve()))
