"""ReportRun: the run's accounting as metrics and as the execution's output."""

from collections.abc import Iterable, Sequence
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from contract.checks import ANALYTICS_STAGE
from contract.keys import run_folder
from contract.ledger import ROWS, LedgerLine, metric_name
from lambdas.shared.data_api import read_ledger
from lambdas.shared.environment import Environment

measure = Metrics()


@measure.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, plan, ledger_statement, unfinished_statement, checks} -> the report; `has_rejects` decides the final state.

    A statement is empty if it has nothing to read: the run had no rows, or no earlier run was unfinished.
    """
    own, unfinished = (_lines(event[name]) for name in ("ledger_statement", "unfinished_statement"))
    plan, checks = event["plan"], event["checks"]
    window = plan["window"] if "checks" in checks[ANALYTICS_STAGE] else None
    made = report(
        event["run_id"], {**plan, "window": window}, own, unfinished, Environment.read().quarantine_bucket
    )
    warnings = [warning for stage in checks.values() for warning in stage["warnings"]]
    made |= {"has_warnings": bool(warnings), "warnings": warnings}
    for name, value in totals([*own, *unfinished]).items():
        measure.add_metric(name, MetricUnit.Count, value)
    measure.add_metric("FilesQuarantined", MetricUnit.Count, made["quarantined_files"])
    measure.add_metric("FilesPublishedBefore", MetricUnit.Count, made["published_before"])
    measure.add_metric("RunsWithWarnings", MetricUnit.Count, int(made["has_warnings"]))
    measure.add_metric("RunsWithRejects", MetricUnit.Count, int(made["has_rejects"]))
    return made


def report(
    run_id: str,
    plan: dict[str, Any],
    own: Sequence[LedgerLine],
    unfinished: Sequence[LedgerLine],
    quarantine_bucket: str,
) -> dict[str, Any]:
    """Where every file and every row went, in this run and in the run it made up for; and the window, None if nothing was analysed.

    `quarantine` lists the folders of the rejects.
    """
    rejecting = {line.run_id for line in (*own, *unfinished) if line.rows_quarantined}
    if plan["quarantined_files"]:
        rejecting.add(run_id)
    return {
        "run_id": run_id,
        "files": plan["files"],
        "bytes": plan["bytes"],
        "quarantined_files": plan["quarantined_files"],
        "published_before": plan["published_before"],
        "notes": plan["notes"],
        "left_for_later": plan["left_for_later"],
        "window": plan["window"],
        "datasets": _rows(own),
        "made_up_for": {line.run_id: _rows(unfinished) for line in unfinished},
        "has_rejects": bool(rejecting),
        "quarantine": [f"s3://{quarantine_bucket}/{run_folder(each)}/" for each in sorted(rejecting)],
    }


def _lines(statement: str) -> list[LedgerLine]:
    return read_ledger(statement) if statement else []


def _rows(lines: Iterable[LedgerLine]) -> dict[str, dict[str, int]]:
    return {line.dataset: line.counts for line in lines}


def totals(lines: Iterable[LedgerLine]) -> dict[str, int]:
    """Sums over the datasets, by metric name: RowsRead, RowsInserted, ...; empty without lines."""
    found = list(lines)
    return {metric_name(name): sum(line.counts[name] for line in found) for name in ROWS} if found else {}
