"""CopyToWorking: one batch of planned files from landing to working, or to quarantine with the reason."""

from typing import Any

from aws_lambda_powertools import Logger

from contract.keys import plan_key
from contract.plan import PlannedFile
from lambdas.shared.run import Receipt, Run
from lambdas.shared.zone import in_parallel

log = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """{run_id, batch} -> {copied, changed}; writes the receipts for AcknowledgeLanding."""
    return copy_batch(Run.of(event), event["batch"])


def copy_batch(run: Run, batch: int) -> dict[str, int]:
    """Let S3 copy the batch's files; a file that has changed since the listing waits for the next run."""
    plan = run.read_plan(plan_key)
    files = plan.batches(run.environment.task_limits)[batch]
    outcomes = in_parallel(lambda file: _copy(run, file), files)
    receipts = [receipt for receipt in outcomes if receipt]
    markers = [Receipt(marker.key, marker.etag) for marker in plan.markers] if batch == 0 else []
    run.write_receipts(batch, [*receipts, *markers])
    return {"copied": len(receipts), "changed": len(files) - len(receipts)}


def _copy(run: Run, file: PlannedFile) -> Receipt | None:
    zone = run.quarantine if file.problem else run.working
    if not run.landing.copy_if_unchanged(
        file.key, etag=file.etag, size=file.size, to=zone, target=file.target
    ):
        log.warning("changed after it was listed, left for the next run", extra={"key": file.key})
        return None
    run.explain(file)
    return Receipt(file.key, file.etag)
