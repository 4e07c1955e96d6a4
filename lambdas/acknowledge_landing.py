"""AcknowledgeLanding: deletes from landing what the run has published, and nothing else."""

from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from catalog import DATASETS
from contract.ledger import LedgerLine
from lambdas.shared.data_api import read_ledger
from lambdas.shared.environment import Environment
from lambdas.shared.errors import NotPublishedError
from lambdas.shared.observability import logger
from lambdas.shared.receipts import read_receipts
from lambdas.shared.zone import delete_if_unchanged, in_parallel

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log: Logger = logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """{run_id, ledger_statement?} -> {acknowledged, changed}.

    `ledger_statement` is the finished Data API statement that read the run's ledger lines; without it the
    run had no rows, only files that went to quarantine whole.
    """
    environment = Environment.read()
    if statement := event.get("ledger_statement"):
        require_published(event["run_id"], read_ledger(boto3.client("redshift-data"), statement))
    return acknowledge(boto3.client("s3"), event["run_id"], environment)


def require_published(run_id: str, lines: list[LedgerLine]) -> None:
    """NotPublishedError unless the ledger holds a line of the run for every dataset."""
    expected = sorted(dataset.name for dataset in DATASETS)
    found = sorted(line.dataset for line in lines if line.run_id == run_id)
    if found != expected:
        raise NotPublishedError(
            f"the ledger holds {found} of run {run_id}, expected {expected}; nothing was deleted from landing. "
            "Another run has used the staging tables: the next scheduled run takes these files again."
        )


def acknowledge(s3: "S3Client", run_id: str, environment: Environment) -> dict[str, int]:
    """Delete what the run's copy receipts list, where it is still the object that was copied."""
    copied = read_receipts(s3, environment.working_bucket, run_id)
    deleted = in_parallel(
        lambda receipt: delete_if_unchanged(
            s3, environment.landing_bucket, key=receipt.key, etag=receipt.etag
        ),
        copied,
    )
    log.info("acknowledged", extra={"run_id": run_id, "deleted": sum(deleted), "of": len(copied)})
    return {"acknowledged": sum(deleted), "changed": len(copied) - sum(deleted)}
