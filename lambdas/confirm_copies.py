"""ConfirmCopies: the plan without files that changed between listing and copy."""

from typing import Any

from contract.keys import copied_key, plan_key
from contract.plan import Plan
from lambdas.shared.planning import summary
from lambdas.shared.run import Run


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, plan} -> plan; writes the plan that the Spark job reads."""
    run = Run.of(event)
    return {**event["plan"], **summary(confirm(run), run.environment.task_limits)}


def confirm(run: Run) -> Plan:
    """Keep the planned files that were copied, and the layouts that still have files."""
    confirmed = run.read_plan(plan_key).only({receipt.key for receipt in run.receipts()})
    run.write_plan(copied_key, confirmed)
    return confirmed
