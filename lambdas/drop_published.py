"""DropPublished: deletes from landing the files whose rows the warehouse holds already, and plans without them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools import Logger

from contract.keys import listed_key, plan_key
from contract.plan import Plan, PlannedFile
from lambdas.shared.data_api import read_rows
from lambdas.shared.planning import summary
from lambdas.shared.run import Run

log = Logger()


@dataclass(frozen=True)
class Published:
    """The run that published a file, and how many rows the file's table lacks according to the ledger."""

    run_id: str
    dataset: str | None = None
    missing_rows: int = 0

    @property
    def is_held(self) -> bool:
        """Whether the warehouse holds what the run published: only then the file may go from landing."""
        return self.missing_rows <= 0

    def __str__(self) -> str:
        if self.is_held:
            return f"published by run {self.run_id}, not read again"
        return (
            f"published by run {self.run_id}, but goodreads_warehouse.{self.dataset} holds {self.missing_rows} rows fewer than "
            f"the ledger lists; it stays in landing, `pipeline rebuild {self.dataset}` fills the table again"
        )


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, plan, statement} -> plan; writes the plan that the copy tasks read.

    `statement` is the statement of a finished Data API batch that looked up the landed files in the ledger
    (sql/staging/published.sql).
    """
    run = Run.of(event)
    published = {
        (row["file_key"], row["etag"]): Published(row["run_id"], row["dataset"], row["missing_rows"])
        for row in read_rows(event["statement"])
    }
    return {**event["plan"], **summary(drop_published(run, published), run.environment.task_limits)}


def drop_published(run: Run, published: Mapping[tuple[str, str], Published]) -> Plan:
    """Delete each published file if it is still the same object, and plan without it.

    `published` has landing key and ETag of a file as its keys. A file stays in landing if its table has lost rows.
    """
    listed = run.read_plan(listed_key)
    known = [file for file in listed.files if (file.key, file.etag) in published]
    _delete(run, [file for file in known if published[file.key, file.etag].is_held])
    kept = listed.only({file.key for file in listed.files} - {file.key for file in known})
    notes = tuple(f"{file.key}: {published[file.key, file.etag]}" for file in known)
    plan = replace(kept, published=notes)
    if not plan.files:  # there will be nothing to acknowledge
        run.landing.delete_if_unchanged([(marker.key, marker.etag) for marker in plan.markers])
    run.write_plan(plan_key, plan)
    return plan


def _delete(run: Run, files: Sequence[PlannedFile]) -> None:
    deleted = run.landing.delete_if_unchanged([(file.key, file.etag) for file in files])
    for file, is_gone in zip(files, deleted, strict=True):
        log.info("published before", extra={"key": file.key, "etag": file.etag, "deleted": is_gone})
