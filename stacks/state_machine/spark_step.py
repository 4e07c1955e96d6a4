"""The Spark step: the job's arguments, and the EMR step that runs it to its end."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from spark_jobs.conf import SPARK_CONF
from stacks.state_machine.blocks import RUN_ID, Blocks
from stacks.state_machine.retries import BACK_OFF, NEVER
from stacks.storage import StorageStack


@dataclass(frozen=True)
class SparkJob:
    """The EMR cluster and the S3 URIs of the job's code."""

    cluster_id: str
    script: str
    python_code: str


def spark_step(
    scope: Construct, *, job: SparkJob, storage: StorageStack, blocks: Blocks, timeout: Duration
) -> sfn.Chain:
    """States that run the job over the run's files; needs the fencing token in the state data."""
    arrange = sfn.Pass(
        scope,
        "ArrangeStep",
        parameters={"arguments.$": f"States.Array({', '.join(_arguments(job, storage))})"},
        result_path="$.step",
    )
    step = tasks.EmrAddStep(
        scope,
        "TransformToProcessed",
        cluster_id=job.cluster_id,
        name=RUN_ID,
        jar="command-runner.jar",
        args=sfn.JsonPath.list_at("$.step.arguments"),
        action_on_failure=tasks.ActionOnFailure.CONTINUE,
        integration_pattern=sfn.IntegrationPattern.RUN_JOB,
        task_timeout=sfn.Timeout.duration(timeout),
        result_path=sfn.JsonPath.DISCARD,
    )
    step.add_retry(errors=["States.Timeout"], **NEVER)
    step.add_retry(**{**BACK_OFF, "max_attempts": 1})
    return arrange.next(blocks.guard(step))


def _arguments(job: SparkJob, storage: StorageStack) -> list[str]:
    """Arguments of an intrinsic function: literals, paths into state data and context, nested functions."""
    conf = (part for name, value in SPARK_CONF.items() for part in ("--conf", f"{name}={value}"))
    return [
        *_literals("spark-submit", "--deploy-mode", "client", *conf),
        *_literals("--py-files", job.python_code, job.script),
        *_literals("--run-id"), "$$.Execution.Name",
        *_literals("--fencing-token"), "$.lease.fencing_token",
        *_literals("--started"), "$$.Execution.StartTime",
        *_literals("--plan"), _of_run(storage.working, "/copied.json"),
        *_literals("--processed"), _of_run(storage.processed),
        *_literals("--quarantine"), _of_run(storage.quarantine),
    ]  # fmt: skip


def _of_run(bucket: s3.Bucket, rest: str = "") -> str:
    """The S3 URI of the run's folder in a zone, or of something in it."""
    return f"States.Format('{bucket.s3_url_for_object('run={}' + rest)}', $$.Execution.Name)"


def _literals(*values: str) -> list[str]:
    return [f"'{value}'" for value in values]
