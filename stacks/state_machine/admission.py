"""Admission: one run at a time. The run holds a lease in DynamoDB under its execution's name, with a fencing token.

The lease has no expiry time. Step Functions knows whether the holder still runs, and ends every execution after the
state machine's timeout. No clock has to be right, and a run replaces a dead holder at once. A command that a person runs holds the
lease until it has ended, or until the same command is called again.
"""

from collections.abc import Mapping

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from contract.checks import STAGES
from contract.keys import COMMAND, LEASE
from stacks.state_machine.blocks import Blocks
from stacks.state_machine.reporting import Reporting
from stacks.state_machine.retries import BACK_OFF, NEVER

REFUSED = "DynamoDB.ConditionalCheckFailedException"

Value = tasks.DynamoAttributeValue

_ME = Value.from_string(sfn.JsonPath.string_at("$$.Execution.Id"))
_RUN = Value.from_string(sfn.JsonPath.string_at("$$.Execution.Name"))
_NOW = Value.from_string(sfn.JsonPath.string_at("$$.State.EnteredTime"))
_TAKING = {":now": _NOW, ":one": Value.from_number(1)}


class Lease(Construct):
    """States that take, mark and release the lease; each state exists once.

    After `acquire` and `take_over` the state data is {"lease": {"fencing_token", "item"}, "ledger", "unfinished", "checks"};
    `item` has `unfinished_run` if a run published but did not finish the states after the publish.
    """

    def __init__(self, scope: Construct, construct_id: str, *, table: dynamodb.Table) -> None:
        super().__init__(scope, construct_id)
        self._table = table
        self._acquired = {
            "lease": {"fencing_token.$": "$.Attributes.fencing_token.N", "item.$": "$.Attributes"},
            "ledger": {"statement": ""},
            "unfinished": {"statement": ""},
            "checks": {stage: {"warnings": []} for stage in STAGES},
        }

    def acquire(self, name: str) -> tasks.DynamoUpdateItem:
        """Take the lease if it is free, or already ours after a repeated request; REFUSED otherwise."""
        return self._update(
            name,
            "SET holder = :me, acquired_at = :now ADD fencing_token :one",
            "attribute_not_exists(holder) OR holder = :me",
            _TAKING,
            result_selector=self._acquired,
        )

    def take_over(self, name: str) -> tasks.DynamoUpdateItem:
        """Take the lease from the dead holder at `$.Item.holder.S`; REFUSED if another execution was faster."""
        observed = Value.from_string(sfn.JsonPath.string_at("$.Item.holder.S"))
        return self._update(
            name,
            "SET holder = :me, acquired_at = :now ADD fencing_token :one",
            "holder = :observed OR holder = :me",
            {**_TAKING, ":observed": observed},
            result_selector=self._acquired,
        )

    def read(self, name: str) -> tasks.DynamoGetItem:
        """The lease's item as `$.Item`."""
        state = tasks.DynamoGetItem(
            self, name, table=self._table, key={"lease": Value.from_string(LEASE)}, consistent_read=True
        )
        state.add_retry(**BACK_OFF)
        return state

    def confirm(self, name: str) -> tasks.DynamoUpdateItem:
        """Check that the lease is still ours, also in a redriven execution; REFUSED if it is not."""
        return self._update(
            name,
            "SET confirmed_at = :now",
            "holder = :me",
            {":now": _NOW},
        )

    def mark_unfinished(self, name: str) -> tasks.DynamoUpdateItem:
        """Note that this run is about to publish: the next run makes up for anything that this run leaves undone."""
        return self._update(
            name,
            "SET unfinished_run = :run",
            "holder = :me",
            {":run": _RUN},
        )

    def mark_caught_up(self, name: str) -> tasks.DynamoUpdateItem:
        """Note that nothing of the unfinished run is left undone."""
        return self._update(name, "REMOVE unfinished_run", "holder = :me")

    def release(self, name: str) -> tasks.DynamoUpdateItem:
        """Release the lease if it is ours, or already released after a repeated request."""
        return self._update(
            name,
            "REMOVE holder",
            "attribute_not_exists(holder) OR holder = :me",
        )

    def finish(self, name: str) -> tasks.DynamoUpdateItem:
        """Release the lease and remove the note; a repeated request leaves the note of a later run alone."""
        return self._update(
            name,
            "REMOVE holder, unfinished_run",
            "holder = :me OR (attribute_not_exists(holder)"
            " AND (attribute_not_exists(unfinished_run) OR unfinished_run = :run))",
            {":run": _RUN},
        )

    def _update(
        self,
        name: str,
        expression: str,
        condition: str,
        values: Mapping[str, tasks.DynamoAttributeValue] | None = None,
        result_selector: Mapping[str, object] | None = None,
    ) -> tasks.DynamoUpdateItem:
        """Update the item under a condition; `:me` is this execution in both."""
        state = tasks.DynamoUpdateItem(
            self,
            name,
            table=self._table,
            key={"lease": Value.from_string(LEASE)},
            update_expression=expression,
            condition_expression=condition,
            expression_attribute_values={":me": _ME, **(values or {})},
            return_values=tasks.DynamoReturnValues.ALL_NEW,
            result_selector=result_selector,
            result_path="$" if result_selector else sfn.JsonPath.DISCARD,
        )
        state.add_retry(errors=[REFUSED], **NEVER)
        state.add_retry(**BACK_OFF)
        return state


class Admission(Construct):
    """`admit` ends with the lease held, or as Skipped."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        state_machine_name: str,
        blocks: Blocks,
        lease: Lease,
        reporting: Reporting,
    ) -> None:
        super().__init__(scope, construct_id)
        self._state_machine_name = state_machine_name
        self._blocks = blocks
        self._lease = lease
        self._reporting = reporting

    def admit(self) -> sfn.Chain:
        """Take the lease, or take it over from an execution that has ended."""
        acquire = self._lease.acquire("AcquireLease")
        take_over = self._lease.take_over("TakeOverLease")
        acquire.add_catch(self._when_held(acquire, take_over), errors=[REFUSED], result_path="$")
        return sfn.Chain.custom(self._blocks.guard(acquire), [take_over, acquire], acquire)

    def _when_held(
        self, acquire: tasks.DynamoUpdateItem, take_over: tasks.DynamoUpdateItem
    ) -> sfn.IChainable:
        """Skip if the holder runs or is a command; take the lease over if the holder was aborted, timed out, or is unknown."""
        end = sfn.Succeed(self, "Skipped", comment="another run holds the lease")
        count = self._blocks.count("CountSkippedRun", "RunsSkipped", "plan_copies")
        skipped = self._blocks.guard(count).next(self._reporting.before(end, "WriteReportOfSkippedRun"))
        take_over.add_catch(skipped, errors=[REFUSED], result_path="$")
        self._blocks.guard(take_over)
        look = tasks.CallAwsService(
            self,
            "DescribeHolder",
            service="sfn",
            action="describeExecution",
            parameters={"ExecutionArn": sfn.JsonPath.string_at("$.Item.holder.S")},
            iam_resources=[
                Stack.of(self).format_arn(
                    service="states",
                    resource="execution",
                    resource_name=f"{self._state_machine_name}:*",
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
            iam_action="states:DescribeExecution",
            result_selector={"Status.$": "$.Status"},
            result_path="$.execution",
        )
        look.add_retry(errors=["Sfn.ExecutionDoesNotExistException"], **NEVER)
        look.add_retry(**BACK_OFF)
        look.add_catch(take_over, errors=["Sfn.ExecutionDoesNotExistException"], result_path="$.execution")
        by_command = sfn.Condition.string_matches("$.Item.holder.S", f"{COMMAND}*")
        held = sfn.Choice(self, "CommandHolds?").when(by_command, skipped).otherwise(look)
        still_runs = sfn.Condition.string_equals("$.execution.Status", "RUNNING")
        self._blocks.guard(look).next(
            sfn.Choice(self, "HolderRuns?").when(still_runs, skipped).otherwise(take_over)
        )
        return self._blocks.guard(self._lease.read("ReadLease")).next(
            sfn.Choice(self, "StillHeld?")
            .when(sfn.Condition.is_present("$.Item.holder"), held)
            .otherwise(acquire)
        )
