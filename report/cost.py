"""What a run costs, by a price table of one day.

State transitions and requests are what AWS counts too. Durations are those that the history shows. Both clusters run all day:
their parts are the share of the time in which they worked for this run, which is not on any bill.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from report.document import Cost, CostPart, Prices
from report.states import Work

_TABLE = Path(__file__).with_name("prices.json")
_HOUR = 3600
_MB = 1024


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What the deployment runs on; `memory_mb` by the names of the functions."""

    memory_mb: Mapping[str, int] = field(default_factory=dict)
    emr_type: str = ""
    emr_count: int = 0
    redshift_type: str = ""
    redshift_count: int = 0


def cost_of(work: Work, resources: Resources | None, region: str) -> Cost:
    """The parts of the bill; a part whose price or quantity is not known has none, and unknown parts are not in the sum."""
    prices = prices_of(region)
    parts = list(_parts(work, resources, prices or {}))
    known = [part["usd"] for part in parts if part["usd"] is not None]
    table = _table()
    told: Prices = {"region": region, "dated": table["dated"], "source": table["source"]}
    return {
        "usd": round(sum(known), 10) if known else None,
        "parts": parts,
        "prices": told if prices else None,
    }


def prices_of(region: str) -> Mapping[str, Any] | None:
    """The prices of a region; None if the table does not have the region."""
    found: Mapping[str, Any] | None = _table()["regions"].get(region)
    return found


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return table


def _parts(work: Work, resources: Resources | None, prices: Mapping[str, Any]) -> Iterable[CostPart]:
    yield _part(
        "Step Functions",
        "state transitions",
        work.transitions,
        "transitions",
        prices.get("step_functions_transition"),
    )
    yield _part("Lambda", "requests", len(work.calls), "requests", prices.get("lambda_request"))
    yield _part(
        "Lambda",
        "compute",
        _gb_seconds(work.calls, resources),
        "GB-seconds",
        prices.get("lambda_gb_second_arm64"),
        estimate=True,
    )
    node = _sum_of(prices, ("ec2_hour", "emr_hour"), resources.emr_type if resources else "")
    yield _part(
        "EMR",
        "share of the cluster that the step had to itself, EC2 and EMR",
        round(work.step_seconds * resources.emr_count / _HOUR, 6) if resources else None,
        "node-hours",
        node,
        estimate=True,
    )
    hour = prices.get("redshift_hour", {}).get(resources.redshift_type) if resources else None
    yield _part(
        "Redshift",
        "share of the cluster in which the run had a statement",
        round(work.statement_seconds * resources.redshift_count / _HOUR, 6) if resources else None,
        "node-hours",
        hour,
        estimate=True,
    )


def _part(
    service: str,
    what: str,
    quantity: float | None,
    unit: str,
    price: float | None,
    *,
    estimate: bool = False,
) -> CostPart:
    usd = None if quantity is None or price is None else round(quantity * price, 10)
    return {
        "service": service,
        "what": what,
        "quantity": quantity,
        "unit": unit,
        "usd": usd,
        "estimate": estimate,
    }


def _gb_seconds(calls: Sequence[tuple[str, float]], resources: Resources | None) -> float | None:
    """The compute of the calls; None if the memory of one of the functions is not known."""
    if resources is None or any(name not in resources.memory_mb for name, _ in calls):
        return None
    return round(sum(resources.memory_mb[name] / _MB * seconds for name, seconds in calls), 4)


def _sum_of(prices: Mapping[str, Any], tables: Sequence[str], kind: str) -> float | None:
    found = [prices.get(table, {}).get(kind) for table in tables]
    return None if None in found else sum(found)
