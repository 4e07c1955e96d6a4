"""AuditStaging, CheckWarehouse, CheckAnalytics, CheckPastAnalytics: judge the violations that the checks of a stage counted."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from contract.checks import checks_key, is_violated, told_rule
from lambdas.shared.data_api import read_rows
from lambdas.shared.errors import DataQualityError
from lambdas.shared.run import Run

_TOO_MANY_REJECTS = "_percent_rejected"
_ABOUT_REJECTS = (
    ". Look at the rejects of this run in the quarantine zone; if the file is wrong take it out of landing, if they are"
    ' right start an execution with {"accept_rejects": true}'
)
_LEDGER = "ledger"
_FRESHNESS = "freshness"
_BLOCK = "block"
log = Logger()
measure = Metrics()


@dataclass(frozen=True)
class Check:
    """The result of one rule about one table, as sql/quality/results.sql selects it; see contract/checks.py.

    A rule that compares two numbers says what it found and what it expected. No field holds more of a row than its key: who
    gets the mail of a violated check need not be allowed to read the table. `history` are the violations of the runs before.
    """

    table_name: str
    column_name: str
    rule: str
    violations: int | None
    severity: str = _BLOCK
    rows_checked: int | None = None
    allowed: int = 0
    found: int | None = None
    expected: int | None = None
    examples: str = ""
    milliseconds: int | None = None
    history: str = ""

    @property
    def is_violated(self) -> bool:
        """Whether there are more violations than are allowed."""
        return is_violated(self.violations, self.allowed)

    def __str__(self) -> str:
        subject = f"{self.table_name}.{self.column_name}" if self.column_name else self.table_name
        if self.rule == _FRESHNESS and self.found is not None:
            return f"the newest record of {self.table_name} was captured {self.found:,} days ago, expected at most {self.expected:,}"
        numbers = {"found": self.found, "expected": self.expected, "allowed": self.allowed or None}
        told = ", ".join(f"{name} {number}" for name, number in numbers.items() if number is not None)
        return f"{subject} {self.rule}: {self.violations}" + (f" ({told})" if told else "")

    def as_entry(self, stage: str) -> dict[str, Any]:
        """The entry of the report's section `checks`; see report/run.schema.json. The history is that of earlier runs, the oldest first."""
        past = [each.split(" ", maxsplit=1) for each in self.history.split(", ") if each]
        return {
            "rule": f"{self.column_name} {self.rule}".strip(),
            "table": self.table_name,
            "stage": stage,
            "severity": self.severity,
            "violations": self.violations,
            "limit": self.allowed,
            "found": self.found,
            "expected": self.expected,
            "says": str(self) if self.is_violated and self.found is not None else None,
            "examples": [key for key in self.examples.split(", ") if key],
            "seconds": None if self.milliseconds is None else self.milliseconds / 1000,
            "history": [{"run_id": run, "violations": int(count)} for count, run in reversed(past)],
        }


@measure.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, stage, statement} -> {checks, warnings}; raises DataQualityError that lists the violated rules that block.

    Leaves all results in the working zone, also of a run that it ends.
    """
    stage = event["stage"]
    checks = [Check(**row) for row in read_rows(event["statement"])]
    violated = judge(checks)
    run = Run.of(event)
    run.working.write(checks_key(run.run_id, stage), json.dumps(document(stage, checks)).encode())
    blocking = [check for check in violated if check.severity == _BLOCK]
    warnings = [told_rule(stage, str(check)) for check in violated if check.severity != _BLOCK]
    measure.add_dimension("stage", stage)
    measure.add_metric("ChecksViolated", MetricUnit.Count, len(blocking))
    measure.add_metric("ChecksWarned", MetricUnit.Count, len(warnings))
    if warnings:
        log.warning("checks warn", extra={"stage": stage, "warnings": warnings})
    if blocking:
        raise DataQualityError(
            f"{len(blocking)} of {len(checks)} checks of {stage} are violated (rows): "
            + "; ".join(map(str, blocking))
            + _advice(blocking)
        )
    log.info("checks passed", extra={"stage": stage, "checks": len(checks)})
    return {"checks": len(checks), "warnings": warnings}


def document(stage: str, checks: Iterable[Check]) -> Mapping[str, Any]:
    """What a stage leaves for the report of its run."""
    return {"stage": stage, "checks": [check.as_entry(stage) for check in checks]}


def judge(checks: Iterable[Check]) -> list[Check]:
    """The violated checks; DataQualityError if there are no checks at all: no check is not a pass."""
    found = list(checks)
    if not found:
        raise DataQualityError("the quality query returned no checks at all; expected one row per check")
    return [check for check in found if check.is_violated]


def _advice(violated: Sequence[Check]) -> str:
    """What to do about the checks that a person can do something about."""
    rules = {check.rule for check in violated}
    changed = [check.table_name for check in violated if check.rule == _LEDGER]
    about_rejects = _ABOUT_REJECTS if any(rule.endswith(_TOO_MANY_REJECTS) for rule in rules) else ""
    return about_rejects + (_about_changes(changed) if changed else "")


def _about_changes(datasets: Sequence[str]) -> str:
    tables = " and ".join(f"goodreads_warehouse.{name}" for name in datasets)
    commands = " and ".join(f"`pipeline rebuild {name}`" for name in datasets)
    return (
        f". Not a run but somebody has changed {tables}: the ledger expects other rows than there are. {commands} will load the "
        "rows again from the files that are kept; to delete a person's rows use `pipeline forget`, which tells the ledger"
    )
