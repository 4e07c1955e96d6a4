"""ReportRun: the run's accounting as metrics and as the execution's output."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import boto3
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.shared.environment import Environment
from lambdas.shared.ledger import LedgerLine, read_ledger
from lambdas.shared.observability import metrics

measure: Metrics = metrics()


@measure.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, plan, ledger_statement?} -> the report; `has_rejects` decides the final state."""
    statement = event.get("ledger_statement")
    lines = read_ledger(boto3.client("redshift-data"), statement) if statement else []
    made = report(event["run_id"], event["plan"], lines, Environment.read().quarantine_bucket)
    for name, value in totals(lines).items():
        measure.add_metric(name, MetricUnit.Count, value)
    measure.add_metric("FilesQuarantined", MetricUnit.Count, made["quarantined_files"])
    measure.add_metric("FilesLeftForLater", MetricUnit.Count, made["left_for_later"])
    measure.add_metric("RunsWithRejects", MetricUnit.Count, int(made["has_rejects"]))
    return made


def report(
    run_id: str, plan: dict[str, Any], lines: Iterable[LedgerLine], quarantine_bucket: str
) -> dict[str, Any]:
    """What happened to every file and every row of the run, and the window of its analytics.

    `quarantine` is where the rejects are, empty if there are none.
    """
    datasets = {
        line.dataset: {name: value for name, value in asdict(line).items() if name.startswith("rows_")}
        for line in lines
    }
    quarantined = sum(rows["rows_quarantined"] for rows in datasets.values())
    has_rejects = quarantined > 0 or plan["quarantined_files"] > 0
    return {
        "run_id": run_id,
        "files": plan["files"],
        "bytes": plan["bytes"],
        "quarantined_files": plan["quarantined_files"],
        "notes": plan["notes"],
        "left_for_later": plan["left_for_later"],
        "window": plan["window"],
        "datasets": datasets,
        "has_rejects": has_rejects,
        "quarantine": f"s3://{quarantine_bucket}/run={run_id}/" if has_rejects else "",
    }


def totals(lines: Iterable[LedgerLine]) -> dict[str, int]:
    """Sums over the datasets, by metric name: RowsRead, RowsInserted, ..."""
    sums: dict[str, int] = {}
    for line in lines:
        for name, value in asdict(line).items():
            if name.startswith("rows_"):
                metric = name.title().replace("_", "")
                sums[metric] = sums.get(metric, 0) + value
    return sums
