"""What the smallest deployment costs while it is up, by list prices."""

PRICES = {"m5.xlarge": 0.192, "EMR on m5.xlarge": 0.048, "ra3.large": 0.543}
"""Dollars an hour on demand in us-east-1: https://aws.amazon.com/ec2/pricing/on-demand/, https://aws.amazon.com/emr/pricing/,
https://aws.amazon.com/redshift/pricing/."""

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

_EMR_NODES = 2
DOLLARS_AN_HOUR = _EMR_NODES * (PRICES["m5.xlarge"] + PRICES["EMR on m5.xlarge"]) + PRICES["ra3.large"]
"""Of the nodes alone: what functions, requests, disks, keys and alarms add in an hour are cents."""

USUAL_HOURS = 1.5
"""A guess, until somebody has measured it: EMR and Redshift need a quarter of an hour each to start and to end."""
