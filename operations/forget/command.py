"""`pipeline forget`."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Annotated

import boto3
import typer

from catalog import AUTHORS, BOOKS, REVIEWS, USERS, dataset_named
from contract.keys import bucket_name
from contract.lease import lease_table
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.endpoint import serving
from local_cloud.state import StateFolder
from operations.errors import OperationError
from operations.forget.display import show
from operations.forget.lease import Lease
from operations.forget.request import forget_everywhere, look_everywhere
from operations.forget.subject import Subject
from operations.forget.warehouse import Warehouse
from operations.forget.zones import ZONES, Zone
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.terminal import console, told

_INTERRUPTED = (
    "[bold]interrupted[/]: what was done so far stays done; call the same command again, it does the rest"
)
_LARGEST_ID = 2**63 - 1


def forget(
    user: Annotated[
        int | None, typer.Option(min=0, max=_LARGEST_ID, help="A user_id: the user and the user's reviews.")
    ] = None,
    review: Annotated[int | None, typer.Option(min=0, max=_LARGEST_ID, help="A review_id.")] = None,
    book: Annotated[
        int | None, typer.Option(min=0, max=_LARGEST_ID, help="A book_id: the book, not its reviews.")
    ] = None,
    author: Annotated[
        int | None, typer.Option(min=0, max=_LARGEST_ID, help="An author_id: the author, not the books.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what is where, and change nothing.")
    ] = False,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
    database: Annotated[str, typer.Option(help="The database.")] = "goodreads",
    db_user: Annotated[str, typer.Option(help="The database user.")] = "pipeline",
) -> None:
    """Delete a person, or another record, from the warehouse and from every zone, so that the ledger stays true."""
    with told(farewell=_INTERRUPTED), ExitStack() as stack:
        subject = _subject({USERS.name: user, REVIEWS.name: review, BOOKS.name: book, AUTHORS.name: author})
        account, region = _on_aws() if aws else stack.enter_context(_here(StateFolder(state), name))
        warehouse = Warehouse(name, database, db_user)
        zones = [
            Zone(boto3.client("s3"), zone, bucket_name(name, zone, account, region), warehouse.has_published)
            for zone in ZONES
        ]
        if dry_run:
            rows, found = look_everywhere(subject, warehouse, zones)
        else:
            rows, found = forget_everywhere(
                subject, warehouse, zones, Lease(lease_table(name), subject.holder)
            )
        show(console, subject, rows, found, dry_run=dry_run)


def _subject(given: Mapping[str, int | None]) -> Subject:
    """The one thing that was given; `given` is {dataset: id}."""
    subjects = [Subject(dataset_named(name), key) for name, key in given.items() if key is not None]
    if len(subjects) != 1:
        raise OperationError(
            "give one of --user, --review, --book and --author, with the id of what is to be forgotten"
        )
    return subjects[0]


@contextmanager
def _here(state: StateFolder, name: str) -> Iterator[tuple[str, str]]:
    """Let clients talk to the endpoint of a state folder; if none runs, one serves the folder until the block ends."""
    if not state.root.is_dir():
        raise OperationError(f"there is no state folder {state.root} yet: run the pipeline first (make run)")
    if running := state.running():
        running.addresses.adopt()
        yield ACCOUNT, REGION
        return
    with serving(state, "forget"):
        boto3.client("dynamodb").create_table(  # filled from the folder
            TableName=lease_table(name),
            AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield ACCOUNT, REGION


def _on_aws() -> tuple[str, str]:
    """Account and region of the credentials, which are found as the AWS CLI finds them."""
    region = boto3.Session().region_name
    if not region:
        raise OperationError("no region is given: set AWS_REGION, or AWS_PROFILE to a profile that has one")
    return str(boto3.client("sts").get_caller_identity()["Account"]), region
