"""One request to forget: its steps in an order in which each may be the last one before a crash."""

from collections.abc import Sequence

from operations.forget.rows import Rows
from operations.forget.subject import Subject
from operations.forget.zones import Found, Place
from operations.lease import Lease


def look_everywhere(
    subject: Subject, stored: Rows, places: Sequence[Place]
) -> tuple[dict[str, int], dict[str, Found]]:
    """The subject's rows by table, and what each zone holds; nothing is changed."""
    return stored.of(subject), {place.name: place.forget(subject, dry_run=True) for place in places}


def forget_everywhere(
    subject: Subject, stored: Rows, places: Sequence[Place], lease: Lease, *, also_later: bool
) -> tuple[dict[str, int], dict[str, Found]]:
    """Delete what `look_everywhere` finds; OperationError if a run is at work.

    The warehouse comes first: the publish of a dead run may still be at work there, and the transaction waits for its end. After
    that the ledger says for good which landed files were published. A request that was killed is finished by
    the same request: its holder of the lease is the same, and what was deleted is not found again.
    """
    with lease.held():
        rows = stored.of(subject)
        if rows:
            lease.leave_checks_and_analytics_to_the_next_run()
        stored.forget(
            subject, also_later=also_later
        )  # also without rows: a dead run may be about to publish some
        return rows, {place.name: place.forget(subject, dry_run=False) for place in places}
