"""`pipeline forget`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer

from catalog import AUTHORS, BOOKS, REVIEWS, USERS, dataset_named
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.state import StateFolder
from operations.deployment import warehouse_zones
from operations.errors import OperationError
from operations.forget.display import document, show
from operations.forget.request import forget_everywhere, look_everywhere
from operations.forget.rows import Rows
from operations.forget.subject import Subject
from operations.forget.zones import places_of
from operations.lease import Lease
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.terminal import console, told
from operations.warehouse import Warehouse
from operations.zones import Zones

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
    also_later: Annotated[
        bool, typer.Option("--also-later", help="Leave it out of later deliveries, too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show where it is, and change nothing.")] = False,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
    database: Annotated[str, typer.Option(help="The database.")] = "goodreads",
    db_user: Annotated[str, typer.Option(help="The database user.")] = "goodreads_pipeline",
) -> None:
    """Delete a person, or another record, from the warehouse and from every zone, so that the ledger stays true."""
    with told(farewell=_INTERRUPTED):
        subject = _subject({USERS.name: user, REVIEWS.name: review, BOOKS.name: book, AUTHORS.name: author})
        with _zones(StateFolder(state), name, on_aws=aws) as zones:
            stored = Rows(Warehouse(name, database, db_user))
            places = places_of(zones, stored.has_published)
            if dry_run:
                rows, found = look_everywhere(subject, stored, places)
            else:
                lease = Lease(name, subject.command)
                rows, found = forget_everywhere(subject, stored, places, lease, also_later=also_later)
        left_out = also_later and not dry_run
        console.answer(
            document(subject, rows, found, changed=not dry_run, left_out=left_out),
            lambda: show(console, subject, rows, found, dry_run=dry_run, left_out=left_out),
        )


def _subject(given: Mapping[str, int | None]) -> Subject:
    """The one thing that was given; `given` is {dataset: id}."""
    subjects = [Subject(dataset_named(name), key) for name, key in given.items() if key is not None]
    if len(subjects) != 1:
        raise OperationError(
            "give one of --user, --review, --book and --author, with the id of what is to be forgotten"
        )
    return subjects[0]


@contextmanager
def _zones(state: StateFolder, name: str, *, on_aws: bool) -> Iterator[Zones]:
    """The zones of the deployment: through any endpoint that serves the folder, that of a run too, as the lease keeps runs out."""
    if not on_aws and (running := state.running()):
        running.addresses.adopt()
        yield Zones.of(name, ACCOUNT, REGION)
        return
    with warehouse_zones(state, name, purpose="forget", on_aws=on_aws) as zones:
        yield zones
