"""The pipeline deployed to an endpoint: that of `up`, or one of this process."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from local_cloud import account, deploy
from local_cloud.addresses import REGION
from local_cloud.endpoint import serving
from local_cloud.state import StateFolder
from local_cloud.synthesis import synthesize
from operations.errors import OperationError
from operations.terminal import console
from operations.zones import Zones, zones_on_aws


@contextmanager
def deployed_here(
    folder: StateFolder,
    name: str,
    *,
    purpose: str,
    context: Sequence[str] = (),
    spark: Mapping[str, str] | None = None,
    cluster: bool = False,
) -> Iterator[None]:
    """Use the endpoint that `up` keeps for this folder; if there is none, start one until the block ends and deploy to it."""
    running = folder.running()
    if running and running.purpose == "up":
        if context or cluster:
            raise OperationError(
                "`pipeline up` serves this folder with its own settings: give --context and --cluster there, or another "
                "--state here"
            )
        running.addresses.adopt()
        console.print(f"using the endpoint at {running.url}", soft_wrap=True)
        yield
        return
    with serving(folder, purpose, spark=spark, cluster=cluster):
        deploy_here(folder, [*context, f"name={name}"])
        yield


@contextmanager
def warehouse_zones(state: StateFolder, name: str, *, purpose: str, on_aws: bool) -> Iterator[Zones]:
    """The zones of a deployment that has a warehouse; clients that are made in the block reach the deployment."""
    if on_aws:
        yield zones_on_aws(name)
        return
    if not state.warehouse.exists():
        raise OperationError(f"there is no warehouse in {state.root} yet: run the pipeline first (make run)")
    with deployed_here(state, name, purpose=purpose):
        yield Zones.of(name, account.ACCOUNT, REGION)


def deploy_here(folder: StateFolder, context: Sequence[str]) -> None:
    """Synthesize the stacks with these settings, each KEY=VALUE, and create them."""
    with console.doing("synthesizing and deploying the stacks"):
        synthesize(folder.assembly, _settings(context))
        deploy.apply(folder.assembly, account.ACCOUNT, REGION)


def _settings(context: Sequence[str]) -> dict[str, str]:
    """The context of the deployment. SQL statements are short here, so they are polled every second."""
    settings = {"statement_poll_seconds": "1"}
    for pair in context:
        key, equals, value = pair.partition("=")
        if not equals:
            raise OperationError(f"--context {pair} is not of the form KEY=VALUE")
        settings[key] = value
    return settings
