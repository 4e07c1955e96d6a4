"""AuditStaging, CheckWarehouse, CheckAnalytics: judge the violations that a quality query counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.shared.data_api import read_rows
from lambdas.shared.errors import DataQualityError

_TOO_MANY_REJECTS = "_percent_rejected"
_ABOUT_REJECTS = (
    ". Look at the rejects of this run in the quarantine zone; if the file is wrong take it out of landing, if they are"
    ' right start an execution with {"accept_rejects": true}'
)
_LEDGER = "ledger"
log = Logger()
measure = Metrics()


@dataclass(frozen=True)
class Check:
    """One rule about one table, and the number of its violations.

    A rule that compares two numbers of rows says what it found and what it expected. No field holds a value of a row: who
    gets the mail of a violated check need not be allowed to read the table.
    """

    dataset: str
    column_name: str
    rule: str
    violations: int
    found: int | None = None
    expected: int | None = None

    def __str__(self) -> str:
        subject = f"{self.dataset}.{self.column_name}" if self.column_name else self.dataset
        compared = "" if self.found is None else f" (found {self.found}, expected {self.expected})"
        return f"{subject} {self.rule}: {self.violations}{compared}"


@measure.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """{stage, statement} -> {checks}; raises DataQualityError that lists what is violated."""
    checks = [Check(**row) for row in read_rows(event["statement"])]
    violated = judge(checks)
    measure.add_dimension("stage", event["stage"])
    measure.add_metric("ChecksViolated", MetricUnit.Count, len(violated))
    if violated:
        raise DataQualityError(
            f"{len(violated)} of {len(checks)} checks of {event['stage']} are violated (rows): "
            + "; ".join(map(str, violated))
            + _advice(violated)
        )
    log.info("checks passed", extra={"stage": event["stage"], "checks": len(checks)})
    return {"checks": len(checks)}


def judge(checks: Iterable[Check]) -> list[Check]:
    """The violated checks; DataQualityError if there are no checks at all: no check is not a pass."""
    found = list(checks)
    if not found:
        raise DataQualityError("the quality query returned no checks at all; expected one row per check")
    return [check for check in found if check.violations != 0]  # NULL is not a pass either


def _advice(violated: Sequence[Check]) -> str:
    """What to do about the checks that a person can do something about."""
    rules = {check.rule for check in violated}
    changed = [check.dataset for check in violated if check.rule == _LEDGER]
    about_rejects = _ABOUT_REJECTS if any(rule.endswith(_TOO_MANY_REJECTS) for rule in rules) else ""
    return about_rejects + (_about_changes(changed) if changed else "")


def _about_changes(datasets: Sequence[str]) -> str:
    tables = " and ".join(f"goodreads_warehouse.{name}" for name in datasets)
    commands = " and ".join(f"`pipeline rebuild {name}`" for name in datasets)
    return (
        f". Not a run but somebody has changed {tables}: the ledger expects other rows than there are. {commands} will load the "
        "rows again from the files that are kept; to delete a person's rows use `pipeline forget`, which tells the ledger"
    )
