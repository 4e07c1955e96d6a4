"""One request to forget: its steps in an order in which each may be the last one before a crash."""

from collections.abc import Sequence

from operations.forget.lease import Lease
from operations.forget.subject import Subject
from operations.forget.warehouse import Warehouse
from operations.forget.zones import Found, Zone


def look_everywhere(
    subject: Subject, warehouse: Warehouse, zones: Sequence[Zone]
) -> tuple[dict[str, int], dict[str, Found]]:
    """The subject's rows by table, and what each zone holds; nothing is changed."""
    return warehouse.rows_of(subject), {zone.name: zone.forget(subject, dry_run=True) for zone in zones}


def forget_everywhere(
    subject: Subject, warehouse: Warehouse, zones: Sequence[Zone], lease: Lease
) -> tuple[dict[str, int], dict[str, Found]]:
    """Delete what `look_everywhere` finds; OperationError if a run is at work.

    The warehouse comes first: the publish of a dead run may still be at work there, and the transaction waits for its end. After
    that the ledger says for good which landed files were published. A request that was killed is finished by
    the same request: its holder of the lease is the same, and what was deleted is not found again.
    """
    with lease.held():
        rows = warehouse.rows_of(subject)
        if rows:
            lease.leave_checks_and_analytics_to_the_next_run()
            warehouse.forget(subject)
        return rows, {zone.name: zone.forget(subject, dry_run=False) for zone in zones}
