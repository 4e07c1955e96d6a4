"""Where the commands write, and how they end when they cannot go on."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from command_line import telling
from landing.errors import StoreError
from local_cloud.errors import LocalCloudError
from operations.errors import OperationError

console = Console()
complaints = Console(stderr=True)

_INTERRUPTED = "[bold]interrupted[/]: files that were not published are still in the landing zone; the next run takes them"


@contextmanager
def told(*, farewell: str = _INTERRUPTED, interrupted: int = telling.INTERRUPTED) -> Iterator[None]:
    """Tell a mendable error in one line and exit with 1; after Ctrl-C print `farewell` and exit with `interrupted`."""
    with (
        telling.interruptible(complaints, farewell, interrupted),
        telling.told(complaints, OperationError, LocalCloudError, StoreError),
        _answers_of_aws_told(),
    ):
        yield


@contextmanager
def _answers_of_aws_told() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise OperationError(f"AWS answered: {error}") from error
