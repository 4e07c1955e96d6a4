"""What a deployment costs while it is up, by the list prices of report/prices.json."""

from dataclasses import dataclass

from report.cost import prices_of
from stacks.settings.settings import Settings

SMALLEST = {
    "emr_instance_type": "m5.xlarge",
    "emr_core_count": "1",
    "emr_ebs_gib": "32",
    "redshift_node_type": "ra3.large",
    "redshift_node_count": "1",
    "redshift_scaling_clusters": "0",
    "schedule_enabled": "false",
}
"""The settings of a smoke test: a primary and one core node, one Redshift node, no schedule."""

USUAL_HOURS = 1.5
"""A guess, until somebody has measured it: EMR and Redshift need a quarter of an hour each to start and to end."""

_PRICED = "us-east-1"


@dataclass(frozen=True)
class Estimate:
    """Dollars an hour of the nodes, by the prices of a region. What functions, requests, disks, keys and alarms add is cents."""

    an_hour: float | None
    """None if the table has no price for a type of node."""

    region: str

    def after(self, hours: float) -> str:
        """`about $1.53 by list prices of us-east-1`, or that nobody knows."""
        if self.an_hour is None:
            return "what report/prices.json does not know: it has no price of these nodes"
        return f"about ${self.an_hour * hours:.2f} by list prices of {self.region}"


def estimate(settings: Settings, region: str) -> Estimate:
    """By the prices of the region, or of us-east-1 if the table has none of it."""
    priced = region if prices_of(region) else _PRICED
    prices = prices_of(priced) or {}
    node = [prices.get(kind, {}).get(settings.emr_instance_type) for kind in ("ec2_hour", "emr_hour")]
    redshift = prices.get("redshift_hour", {}).get(settings.nodes.type)
    if redshift is None or None in node:
        return Estimate(None, priced)
    return Estimate((settings.emr_core_count + 1) * sum(node) + settings.nodes.count * redshift, priced)
