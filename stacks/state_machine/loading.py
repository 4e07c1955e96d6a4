"""Loading, from working to the warehouse: the Spark step, staging and its audit, the publish, the acknowledgement."""

from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.keys import RUN_SLOT, copied_key, run_folder
from spark_jobs.conf import SPARK_CONF
from sql import checks, statements
from stacks.state_machine.admission import Lease
from stacks.state_machine.blocks import RUN_ID, Blocks
from stacks.state_machine.retries import BACK_OFF, NEVER
from stacks.storage import StorageStack


@dataclass(frozen=True)
class SparkJob:
    """The EMR cluster and the S3 URIs of the job's code."""

    cluster_id: str
    script: str
    python_code: str


class Loading(Construct):
    """States that load the copied files of a run into the warehouse."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        blocks: Blocks,
        lease: Lease,
        storage: StorageStack,
        job: SparkJob,
    ) -> None:
        super().__init__(scope, construct_id)
        self._blocks = blocks
        self._lease = lease
        self._storage = storage
        self._job = job

    def load(self) -> sfn.Chain:
        """Everything from the Spark step to the acknowledgement; the ledger's statement is at `$.ledger`."""
        unreadable = self._blocks.invoke(
            "QuarantineUnreadable",
            self._blocks.functions.quarantine_unreadable,
            {"run_id": RUN_ID, "plan": sfn.JsonPath.object_at("$.plan")},
            result_path="$.plan",
        )
        processed = self._storage.processed.s3_url_for_object(run_folder(RUN_SLOT))
        staging = statements.load_staging(processed, self._blocks.warehouse.copy_role_arn)
        audit = self._blocks.check(
            "AuditStaging",
            "CountStagingViolations",
            checks.staging_checks(self._blocks.settings.reject_limits),
            parameters={"accept_rejects": "$.plan.accept_rejects"},
        )
        return (
            self._transform()
            .next(unreadable)
            .next(self._blocks.guard(self._lease.confirm("ConfirmLease")))
            .next(self._blocks.sql("LoadStaging", staging))
            .next(audit)
            .next(self._publish())
        )

    def _transform(self) -> sfn.Chain:
        """Run the Spark job over the run's files; needs the fencing token in the state data."""
        arrange = sfn.Pass(
            self,
            "ArrangeStep",
            parameters={"arguments.$": f"States.Array({', '.join(_arguments(self._job, self._storage))})"},
            result_path="$.step",
        )
        step = self._blocks.call(
            "TransformToProcessed",
            "elasticmapreduce:addStep.sync",
            parameters={
                "ClusterId": self._job.cluster_id,
                "Step": {
                    "Name.$": "$$.Execution.Name",
                    "ActionOnFailure": "CONTINUE",
                    "HadoopJarStep": {"Jar": "command-runner.jar", "Args.$": "$.step.arguments"},
                },
            },
            permissions=self._permissions(),
            retries=[{"errors": ["States.Timeout"], **NEVER}, {**BACK_OFF, "max_attempts": 1}],
            timeout=Duration.minutes(self._blocks.settings.step_timeout_minutes),
        )
        return arrange.next(self._blocks.guard(step))

    def _permissions(self) -> list[iam.PolicyStatement]:
        """Steps on the one cluster, and the rule with which Step Functions waits for the end of a step.

        Step Functions Developer Guide, "Amazon EMR", IAM policies of addStep.sync.
        """
        stack = Stack.of(self)
        actions = ("AddJobFlowSteps", "DescribeStep", "CancelSteps")
        cluster = stack.format_arn(
            service="elasticmapreduce", resource="cluster", resource_name=self._job.cluster_id
        )
        rule = stack.format_arn(
            service="events",
            resource="rule",
            resource_name="StepFunctionsGetEventForEMRAddJobFlowStepsRule",
        )
        return [
            iam.PolicyStatement(
                actions=[f"elasticmapreduce:{action}" for action in actions], resources=[cluster]
            ),
            iam.PolicyStatement(
                actions=[f"events:{action}" for action in ("PutTargets", "PutRule", "DescribeRule")],
                resources=[rule],
            ),
        ]

    def _publish(self) -> sfn.Chain:
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
        return (
            sfn.Chain.start(self._blocks.guard(self._lease.mark_unfinished("MarkUnfinished")))
            .next(publish)
            .next(ledger)
            .next(acknowledge)
        )


def _arguments(job: SparkJob, storage: StorageStack) -> list[str]:
    """The job's arguments as arguments of an intrinsic function: literals, paths into state data and context, nested functions."""
    conf = (part for name, value in SPARK_CONF.items() for part in ("--conf", f"{name}={value}"))
    return [
        *_literals("spark-submit", "--deploy-mode", "client", *conf),
        *_literals("--py-files", job.python_code, job.script),
        *_literals("--run-id"), "$$.Execution.Name",
        *_literals("--fencing-token"), "$.lease.fencing_token",
        *_literals("--started"), "$$.Execution.StartTime",
        *_literals("--plan"), _filled_in(storage.working, copied_key(RUN_SLOT)),
        *_literals("--processed"), _filled_in(storage.processed, run_folder(RUN_SLOT)),
        *_literals("--quarantine"), _filled_in(storage.quarantine, run_folder(RUN_SLOT)),
    ]  # fmt: skip


def _filled_in(bucket: s3.Bucket, key: str) -> str:
    """The S3 URI of a key, with the execution's name in its RUN_SLOT."""
    return f"States.Format('{bucket.s3_url_for_object(key)}', $$.Execution.Name)"


def _literals(*values: str) -> list[str]:
    return [f"'{value}'" for value in values]
