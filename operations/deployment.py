"""The pipeline deployed to the endpoint of this process."""

from collections.abc import Sequence

from local_cloud import account, deploy
from local_cloud.addresses import REGION
from local_cloud.state import StateFolder
from local_cloud.synthesis import synthesize
from operations.errors import OperationError
from operations.terminal import console


def deploy_here(folder: StateFolder, context: Sequence[str]) -> None:
    """Synthesize the stacks with these settings, each KEY=VALUE, and create them."""
    with console.status("synthesizing and deploying the stacks"):
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
