"""The lease that admits one run at a time, as a person's commands look at it."""

import boto3

from contract.keys import LEASE, lease_table_name
from operations.errors import OperationError


def require_free_lease(name: str) -> None:
    """OperationError if a run of the deployment called `name` holds the lease."""
    item = (
        boto3.client("dynamodb")
        .get_item(TableName=lease_table_name(name), Key={"lease": {"S": LEASE}}, ConsistentRead=True)
        .get("Item", {})
    )
    if holder := item.get("holder"):
        raise OperationError(
            f"run {holder['S'].rpartition(':')[2]} holds the lease: wait until it has ended. If it was aborted, the next run "
            "takes the lease over and gives it back at its end"
        )
