"""CopyToWorking: one batch of planned files from landing to working, or to quarantine with the reason."""

from typing import Any

from aws_lambda_powertools import Logger

from contract.csv_cutting import NotCuttableError
from contract.keys import is_gzip, plan_key
from contract.plan import Part, PlannedFile
from lambdas.shared.gzip_check import find_gzip_problem
from lambdas.shared.parts import copy_in_parts
from lambdas.shared.run import Receipt, Run
from lambdas.shared.zone import in_parallel

log = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """{run_id, batch} -> {copied, changed}; writes the receipts for AcknowledgeLanding."""
    return copy_batch(Run.of(event), event["batch"])


def copy_batch(run: Run, batch: int) -> dict[str, int]:
    """Copy the batch's files; a file that has changed since the listing waits for the next run."""
    plan = run.read_plan(plan_key)
    files = plan.batches(run.environment.task_limits)[batch]
    outcomes = in_parallel(lambda file: _copy(run, file), files)
    receipts = [receipt for receipt in outcomes if receipt]
    markers = [Receipt(marker.key, marker.etag) for marker in plan.markers] if batch == 0 else []
    run.write_receipts(batch, [*receipts, *markers])
    return {"copied": len(receipts), "changed": len(files) - len(receipts)}


def _copy(run: Run, planned: PlannedFile) -> Receipt | None:
    file = _checked(run, planned)
    parts = () if file.problem else _cut(run, file)
    if not parts and not _copy_whole(run, file):
        log.warning("changed after it was listed, left for the next run", extra={"key": file.key})
        return None
    run.explain(file)
    return Receipt(file.key, file.etag, file.problem, parts)


def _copy_whole(run: Run, file: PlannedFile) -> bool:
    zone = run.quarantine if file.problem else run.working
    return run.landing.copy_if_unchanged(
        file.key, etag=file.etag, size=file.size, to=zone, target=file.target
    )


def _cut(run: Run, file: PlannedFile) -> tuple[Part, ...]:
    """Copy a big file in parts; no parts if the file is small, cannot be split, or has changed."""
    size = run.environment.copy_part_bytes
    if file.size <= size:
        return ()
    try:
        return copy_in_parts(run.landing, file, run.working, size)
    except NotCuttableError as error:
        log.warning("copied as a whole, one task of Spark's: %s", error, extra={"key": file.key})
        return ()


def _checked(run: Run, file: PlannedFile) -> PlannedFile:
    """The file; unusable if it is gzip that cannot be unpacked to its end, because Spark would fail on it."""
    if file.problem or not file.size or not is_gzip(file.key):
        return file
    problem = find_gzip_problem(run.landing, file.key, file.etag)
    if not problem:
        return file
    log.warning(problem, extra={"key": file.key})
    return file.unusable(run.run_id, problem)
