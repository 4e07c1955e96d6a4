"""The lease that admits one run at a time, as a person's commands look at it and hold it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from contract.keys import COMMAND, LEASE, lease_table_name
from operations.errors import OperationError

_TAKE = "SET holder = :me ADD fencing_token :one"


def _refuse_command(holder: str) -> None:
    if holder.startswith(COMMAND):
        raise OperationError(
            f"another command holds the lease: {holder.removeprefix(COMMAND)}. Wait until it has ended; if it was killed, call "
            "it again: it does the rest"
        )


class Lease:
    """The lease of the deployment called `name`, for the command `command`: no run begins meanwhile, and none publishes."""

    def __init__(self, name: str, command: str) -> None:
        self._client: Any = boto3.client("dynamodb")
        self._item: dict[str, Any] = {"TableName": lease_table_name(name), "Key": {"lease": {"S": LEASE}}}
        self._name = f"{COMMAND}{command}"
        self._me = {":me": {"S": self._name}}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease; OperationError if a run or another command has it. The same command takes it again after a crash."""
        self._take()
        try:
            yield
        finally:
            self._update("REMOVE holder", "attribute_not_exists(holder) OR holder = :me", {})

    def leave_checks_and_analytics_to_the_next_run(self) -> None:
        """Let the next run check the warehouse and rebuild the analytics although nothing has landed."""
        self._update(
            "SET unfinished_run = if_not_exists(unfinished_run, :run)",
            "holder = :me",
            {":run": {"S": "forget"}},
        )

    def _take(self) -> None:
        item = self._client.get_item(**self._item, ConsistentRead=True).get("Item", {})
        observed = item.get("holder", {}).get("S")
        if observed is None or observed == self._name:
            condition, values = "attribute_not_exists(holder) OR holder = :me", {}
        else:
            self._refuse_while_at_work(observed)
            condition, values = "holder = :observed OR holder = :me", {":observed": {"S": observed}}
        try:
            self._update(_TAKE, condition, {":one": {"N": "1"}, **values})
        except self._client.exceptions.ConditionalCheckFailedException:
            raise OperationError(
                "a run has just begun: nothing was changed, try again when it has ended"
            ) from None

    def _refuse_while_at_work(self, holder: str) -> None:
        _refuse_command(holder)
        steps = boto3.client("stepfunctions")
        try:
            status = steps.describe_execution(executionArn=holder)["status"]
        except steps.exceptions.ExecutionDoesNotExist:
            return
        if status == "RUNNING":
            raise OperationError(
                f"the run {holder.rpartition(':')[2]} is at work: nothing was changed, try again when it has ended"
            )

    def _update(self, expression: str, condition: str, values: dict[str, Any]) -> None:
        self._client.update_item(
            **self._item,
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeValues={
                name: value
                for name, value in {**self._me, **values}.items()
                if name in expression + condition
            },
        )
