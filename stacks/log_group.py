"""Log groups with the retention of the settings."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.nag import accept_checkov


def log_group(
    scope: Construct, construct_id: str, *, retention_days: int, name: str | None = None
) -> logs.LogGroup:
    """A log group that is deleted with its stack; the L2 construct accepts retention only as an enumeration."""
    group = logs.LogGroup(scope, construct_id, log_group_name=name, removal_policy=RemovalPolicy.DESTROY)
    accept_checkov(
        group,
        "CKV_AWS_158",
        reason="CloudWatch Logs encrypts every log group with a key of its own. The logs name files, counts and causes; they "
        "hold no value of a row.",
    )
    cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = retention_days
    return group
