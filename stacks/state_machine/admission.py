"""Who may run: the execution that holds the lease."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from stacks.state_machine.blocks import Blocks
from stacks.state_machine.lease import REFUSED, Lease
from stacks.state_machine.retries import BACK_OFF, NEVER


class Admission(Construct):
    """`start` leads to `admitted` with the lease held, or ends as Skipped."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        state_machine_name: str,
        blocks: Blocks,
        lease: Lease,
        admitted: sfn.IChainable,
    ) -> None:
        super().__init__(scope, construct_id)
        self._state_machine_name = state_machine_name
        self._blocks = blocks
        self._lease = lease
        self.start = self._admit(admitted)

    def _admit(self, admitted: sfn.IChainable) -> sfn.Chain:
        acquire = self._lease.acquire("AcquireLease")
        acquire.add_catch(self._when_held(acquire, admitted), errors=[REFUSED], result_path="$")
        return sfn.Chain.start(self._blocks.guard(acquire)).next(admitted)

    def _when_held(self, acquire: sfn.IChainable, admitted: sfn.IChainable) -> sfn.IChainable:
        """Skip if the holder runs; take the lease over if it does not (it was aborted, timed out, or forgotten)."""
        skipped = self._blocks.guard(self._blocks.count("CountSkippedRun", "RunsSkipped")).next(
            sfn.Succeed(self, "Skipped", comment="another run holds the lease")
        )
        take_over = self._lease.take_over("TakeOverLease")
        take_over.add_catch(skipped, errors=[REFUSED], result_path="$")
        self._blocks.guard(take_over).next(admitted)
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
        still_runs = sfn.Condition.string_equals("$.execution.Status", "RUNNING")
        self._blocks.guard(look).next(
            sfn.Choice(self, "HolderRuns?").when(still_runs, skipped).otherwise(take_over)
        )
        return self._blocks.guard(self._lease.read("ReadLease")).next(
            sfn.Choice(self, "StillHeld?")
            .when(sfn.Condition.is_present("$.Item.holder"), look)
            .otherwise(acquire)
        )
