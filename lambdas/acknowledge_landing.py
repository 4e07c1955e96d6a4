"""AcknowledgeLanding: deletes from landing the files that the run published, and nothing else."""

from typing import Any

from aws_lambda_powertools import Logger

from catalog import DATASETS
from contract.ledger import LedgerLine
from lambdas.shared.data_api import read_ledger
from lambdas.shared.errors import NotPublishedError
from lambdas.shared.run import Run

log = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """{run_id, ledger_statement?} -> {acknowledged, changed}.

    `ledger_statement` is the finished Data API statement that read the run's ledger lines. A run without it had no rows,
    only files that went to quarantine whole.
    """
    if statement := event.get("ledger_statement"):
        require_published(event["run_id"], read_ledger(statement))
    return acknowledge(Run.of(event))


def require_published(run_id: str, lines: list[LedgerLine]) -> None:
    """NotPublishedError unless the ledger has a line of the run for every dataset."""
    expected = sorted(dataset.name for dataset in DATASETS)
    found = sorted(line.dataset for line in lines if line.run_id == run_id)
    if found != expected:
        raise NotPublishedError(
            f"the ledger holds {found} of run {run_id}, expected {expected}; nothing was deleted from landing. "
            "Another run has used the staging tables: the next scheduled run takes these files again."
        )


def acknowledge(run: Run) -> dict[str, int]:
    """Delete the objects of the run's copy receipts, each only if it is still the object that was copied."""
    copied = run.receipts()
    deleted = run.landing.delete_if_unchanged([(receipt.key, receipt.etag) for receipt in copied])
    log.info("acknowledged", extra={"run_id": run.run_id, "deleted": sum(deleted), "of": len(copied)})
    return {"acknowledged": sum(deleted), "changed": len(copied) - sum(deleted)}
