"""The lease in DynamoDB: one item, held by the execution that runs, or by a command that must not run beside one."""

KEY = "pipeline"
"""The key of the item, in the attribute `lease`."""

COMMAND = "command:"
"""The holder's name begins with this if a person's command holds the lease; the ARN of an execution does not."""


def lease_table(name: str) -> str:
    """The table in the deployment of that name."""
    return f"{name}-lease"
