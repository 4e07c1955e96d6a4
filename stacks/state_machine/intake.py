"""Intake, from landing to working: lists the landed files, drops those published before, copies and confirms the rest."""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.keys import RUN_SLOT, landed_key
from sql import statements
from stacks.state_machine.blocks import RUN_ID, Blocks
from stacks.storage import StorageStack

ACKNOWLEDGED = "$.acknowledged"
"""Where the state data says that a run whose files hold no rows is done with them."""


class Intake(Construct):
    """States that keep the plan's summary at `$.plan`."""

    def __init__(self, scope: Construct, construct_id: str, *, blocks: Blocks, storage: StorageStack) -> None:
        super().__init__(scope, construct_id)
        self._blocks = blocks
        self._storage = storage

    def plan(self) -> sfn.Chain:
        """List what has landed."""
        plan = self._blocks.invoke(
            "PlanCopies",
            self._blocks.functions.plan_copies,
            {
                "run_id": RUN_ID,
                "started": sfn.JsonPath.string_at("$$.Execution.StartTime"),
                "input": sfn.JsonPath.object_at("$$.Execution.Input"),
            },
            result_path="$.plan",
        )
        return sfn.Chain.start(plan)

    def match(self) -> sfn.Chain:
        """Drop the files that the ledger has: a run published them, but ended before it could delete them from landing."""
        batch = statements.match_ledger(
            self._storage.working.s3_url_for_object(landed_key(RUN_SLOT)),
            self._blocks.warehouse.copy_role_arn,
        )
        match = self._blocks.sql("MatchLedger", batch, result_path="$.matched")
        drop = self._blocks.invoke(
            "DropPublished",
            self._blocks.functions.drop_published,
            {
                "run_id": RUN_ID,
                "plan": sfn.JsonPath.object_at("$.plan"),
                "statement": sfn.JsonPath.format(
                    f"{{}}:{len(batch)}", sfn.JsonPath.string_at("$.matched.statement")
                ),
            },
            result_path="$.plan",
        )
        return match.next(drop)

    def copy(self) -> sfn.Chain:
        """Copy the planned files and confirm the copies."""
        confirm = self._blocks.invoke(
            "ConfirmCopies",
            self._blocks.functions.confirm_copies,
            {"run_id": RUN_ID, "plan": sfn.JsonPath.object_at("$.plan")},
            result_path="$.plan",
        )
        return self._copy_batches().next(confirm)

    def acknowledge_files_without_rows(self) -> sfn.Chain:
        """Delete from landing the files that need no publish."""
        acknowledge = self._blocks.invoke(
            "AcknowledgeFilesWithoutRows",
            self._blocks.functions.acknowledge_landing,
            {"run_id": RUN_ID},
            result_path=ACKNOWLEDGED,
        )
        return sfn.Chain.start(acknowledge)

    def _copy_batches(self) -> sfn.Map:
        each = sfn.Map(
            self,
            "CopyToWorking",
            items_path="$.plan.batches",
            item_selector={"batch.$": "$$.Map.Item.Value", "run_id.$": "$$.Execution.Name"},
            max_concurrency=self._blocks.settings.copy_concurrency,
            result_path=sfn.JsonPath.DISCARD,
        )
        copy = self._blocks.task(
            "CopyBatch",
            self._blocks.functions.copy_to_working,
            sfn.TaskInput.from_object(
                {"batch": sfn.JsonPath.number_at("$.batch"), "run_id": sfn.JsonPath.string_at("$.run_id")}
            ),
        )
        each.item_processor(copy)
        return self._blocks.guard(each)
