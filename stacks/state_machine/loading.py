"""From working to the warehouse: the Spark step, staging and its audit, the publish, the acknowledgement."""

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from sql import checks, statements
from stacks.state_machine.blocks import RUN_ID, Blocks
from stacks.state_machine.lease import Lease
from stacks.state_machine.spark_step import SparkJob, spark_step
from stacks.storage import StorageStack


class Loading(Construct):
    """States that bring the copied files of a run into the warehouse."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        blocks: Blocks,
        lease: Lease,
        storage: StorageStack,
        copy_role_arn: str,
        job: SparkJob,
    ) -> None:
        super().__init__(scope, construct_id)
        self._blocks = blocks
        self._lease = lease
        self._storage = storage
        self._copy_role_arn = copy_role_arn
        self._job = job

    def load(self, after: sfn.IChainable) -> sfn.IChainable:
        """Everything from the Spark step to the acknowledgement; the ledger's statement is at `$.ledger`."""
        publish = self._blocks.sql("PublishWarehouse", statements.publish())
        ledger = self._blocks.sql(
            "ReadLedger",
            statements.read_ledger(),
            parameters={"run_id": "$$.Execution.Name"},
            result_path="$.ledger",
        )
        acknowledge = self._blocks.invoke(
            "AcknowledgeLanding",
            self._blocks.functions.acknowledge_landing,
            {"run_id": RUN_ID, "ledger_statement": sfn.JsonPath.string_at("$.ledger.statement")},
        )
        unreadable = self._blocks.invoke(
            "QuarantineUnreadable",
            self._blocks.functions.quarantine_unreadable,
            {"run_id": RUN_ID, "plan": sfn.JsonPath.object_at("$.plan")},
            result_path="$.plan",
        )
        audit = self._blocks.check(
            "AuditStaging",
            "CountStagingViolations",
            checks.staging_checks(self._blocks.settings.reject_limits),
            parameters={"accept_rejects": "$.plan.accept_rejects"},
        )
        processed = self._storage.processed.s3_url_for_object("run={}")
        return (
            spark_step(
                self,
                job=self._job,
                storage=self._storage,
                blocks=self._blocks,
                timeout=Duration.minutes(self._blocks.settings.step_timeout_minutes),
            )
            .next(unreadable)
            .next(self._blocks.guard(self._lease.confirm("ConfirmLease")))
            .next(self._blocks.sql("LoadStaging", statements.load_staging(processed, self._copy_role_arn)))
            .next(audit)
            .next(self._blocks.guard(self._lease.mark_unfinished("MarkUnfinished")))
            .next(publish)
            .next(ledger)
            .next(acknowledge)
            .next(after)
        )
