"""The state machine: from what has landed to fresh analytics, or to a failure that says what to do.

    AcquireLease ─► PlanCopies ─► CopyToWorking ─► TransformToProcessed ─► LoadStaging ─► AuditStaging
      │ held: Skipped   │ nothing: NothingToDo                                               │
      ▼                 ▼                                                                    ▼
    (the last run did not finish: acknowledge what it published)             PublishWarehouse, one transaction
                                                                                             │
    Succeeded ◄─ ReleaseLease ◄─ ReportRun ◄─ CheckAnalytics ◄─ Analytics ◄─ CheckWarehouse ◄─ AcknowledgeLanding

Any error: ReleaseLeaseAfterFailure ─► NotifyFailure ─► Failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from lambdas.shared.observability import METRICS_NAMESPACE
from spark_jobs.conf import SPARK_CONF
from sql import checks, statements
from stacks.functions import Functions
from stacks.lease import REFUSED, Lease
from stacks.retries import BACK_OFF, NEVER
from stacks.run_sql import Polling, RunSql, Warehouse
from stacks.settings import Settings
from stacks.storage import StorageStack

NOT_RETRIED = ["InvalidExecutionInput", "DataQualityError", "NotPublishedError"]
"""Errors of the functions that the next try would meet again."""

Guarded = TypeVar("Guarded", bound="sfn.TaskStateBase | sfn.Parallel")

_RUN_ID = sfn.JsonPath.string_at("$$.Execution.Name")
_UNFINISHED = "$.lease.item.unfinished_run.S"


@dataclass(frozen=True)
class SparkStep:
    """The EMR cluster and the S3 URIs of the job's code."""

    cluster_id: str
    script: str
    python_code: str


class Definition(Construct):
    """All states; `body` is what the state machine runs."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: StorageStack,
        functions: Functions,
        warehouse: Warehouse,
        copy_role_arn: str,
        spark: SparkStep,
        alerts: sns.Topic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._storage = storage
        self._functions = functions
        self._warehouse = warehouse
        self._copy_role_arn = copy_role_arn
        self._spark = spark
        self._lease = Lease(self, "Lease", table=storage.lease_table)
        self._failure = self._release_after_failure(alerts)
        finish = self._finish()
        catch_up = self._analytics(finish)
        planned = self._plan(
            nothing=self._nothing_to_do(), catch_up=catch_up, rows=self._load(catch_up), no_rows=finish
        )
        self.body = sfn.DefinitionBody.from_chainable(self._admit(planned))

    # The lease, and what the last run left undone

    def _admit(self, planned: sfn.IChainable) -> sfn.Chain:
        unfinished = self._acknowledge_unfinished(planned)
        admitted = (
            sfn.Choice(self, "UnfinishedRun?", comment="did the last run publish without finishing?")
            .when(sfn.Condition.is_present(_UNFINISHED), unfinished)
            .otherwise(planned)
        )
        acquire = self._lease.acquire("AcquireLease")
        acquire.add_catch(self._when_held(acquire, admitted), errors=[REFUSED], result_path="$")
        return sfn.Chain.start(self._guard(acquire)).next(admitted)

    def _when_held(self, acquire: sfn.IChainable, admitted: sfn.IChainable) -> sfn.IChainable:
        """Skip if the holder runs; take the lease over if it does not (it was aborted, timed out, or forgotten)."""
        skipped = self._guard(self._count("CountSkippedRun", "RunsSkipped")).next(
            sfn.Succeed(self, "Skipped", comment="another run holds the lease")
        )
        take_over = self._lease.take_over("TakeOverLease")
        take_over.add_catch(skipped, errors=[REFUSED], result_path="$")
        self._guard(take_over).next(admitted)
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
                    resource_name=f"{self._settings.name}:*",
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
        self._guard(look).next(sfn.Choice(self, "HolderRuns?").when(still_runs, skipped).otherwise(take_over))
        return self._guard(self._lease.read("ReadLease")).next(
            sfn.Choice(self, "StillHeld?")
            .when(sfn.Condition.is_present("$.Item.holder"), look)
            .otherwise(acquire)
        )

    def _acknowledge_unfinished(self, planned: sfn.IChainable) -> sfn.IChainable:
        ledger = self._sql(
            "ReadUnfinishedLedger",
            statements.read_ledger(),
            parameters={"run_id": _UNFINISHED},
            result_path="$.unfinished",
        )
        acknowledge = self._invoke(
            "AcknowledgeUnfinished",
            self._functions.acknowledge_landing,
            {
                "run_id": sfn.JsonPath.string_at(_UNFINISHED),
                "ledger_statement": sfn.JsonPath.string_at("$.unfinished.statement"),
                "if_published": True,
            },
        )
        # the tables may be gone while the lease's item is not
        tables = self._sql("CreateWarehouse", statements.create_tables())
        return tables.next(ledger).next(acknowledge).next(planned)

    # Planning and copying

    def _plan(
        self,
        *,
        nothing: sfn.IChainable,
        catch_up: sfn.IChainable,
        rows: sfn.IChainable,
        no_rows: sfn.IChainable,
    ) -> sfn.IChainable:
        plan = self._invoke(
            "PlanCopies",
            self._functions.plan_copies,
            {
                "run_id": _RUN_ID,
                "started": sfn.JsonPath.string_at("$$.Execution.StartTime"),
                "input": sfn.JsonPath.object_at("$$.Execution.Input"),
            },
            result_path="$.plan",
        )
        acknowledge = self._invoke(
            "AcknowledgeFilesWithoutRows", self._functions.acknowledge_landing, {"run_id": _RUN_ID}
        )
        acknowledge.next(self._if_unfinished("CatchUpFirst?", catch_up, no_rows))
        confirm = self._invoke(
            "ConfirmCopies", self._functions.confirm_copies, {"run_id": _RUN_ID}, result_path="$.copied"
        )
        copied = (
            self._copy()
            .next(confirm)
            .next(
                sfn.Choice(self, "AnyRows?", comment="or only empty and unusable files?")
                .when(sfn.Condition.boolean_equals("$.copied.has_rows", value=True), rows)
                .otherwise(acknowledge)
            )
        )
        return plan.next(
            sfn.Choice(self, "AnythingToDo?")
            .when(sfn.Condition.is_present("$.plan.batches[0]"), copied)
            .otherwise(self._if_unfinished("CatchUp?", catch_up, nothing))
        )

    def _if_unfinished(self, name: str, then: sfn.IChainable, otherwise: sfn.IChainable) -> sfn.Choice:
        return sfn.Choice(self, name).when(sfn.Condition.is_present(_UNFINISHED), then).otherwise(otherwise)

    def _copy(self) -> sfn.Map:
        each = sfn.Map(
            self,
            "CopyToWorking",
            items_path="$.plan.batches",
            item_selector={"batch.$": "$$.Map.Item.Value", "run_id.$": "$$.Execution.Name"},
            max_concurrency=self._settings.copy_concurrency,
            result_path=sfn.JsonPath.DISCARD,
        )
        copy = self._task(
            "CopyBatch",
            self._functions.copy_to_working,
            sfn.TaskInput.from_object(
                {"batch": sfn.JsonPath.number_at("$.batch"), "run_id": sfn.JsonPath.string_at("$.run_id")}
            ),
        )
        each.item_processor(copy)
        each.add_catch(self._failure, result_path="$.failure")
        return each

    # From working to the warehouse

    def _load(self, after: sfn.IChainable) -> sfn.IChainable:
        publish = self._sql("PublishWarehouse", statements.publish())
        ledger = self._sql(
            "ReadLedger",
            statements.read_ledger(),
            parameters={"run_id": "$$.Execution.Name"},
            result_path="$.ledger",
        )
        acknowledge = self._invoke(
            "AcknowledgeLanding",
            self._functions.acknowledge_landing,
            {"run_id": _RUN_ID, "ledger_statement": sfn.JsonPath.string_at("$.ledger.statement")},
        )
        processed = self._storage.processed.s3_url_for_object("run={}")
        return (
            self._transform()
            .next(self._guard(self._lease.confirm("ConfirmLease")))
            .next(self._sql("CreateTables", statements.create_tables() + statements.create_staging()))
            .next(self._sql("LoadStaging", statements.load_staging(processed, self._copy_role_arn)))
            .next(self._check("AuditStaging", "CountStagingViolations", checks.staging_checks()))
            .next(self._guard(self._lease.mark_unfinished("MarkUnfinished")))
            .next(publish)
            .next(ledger)
            .next(acknowledge)
            .next(after)
        )

    def _transform(self) -> sfn.Chain:
        def folder(bucket: Any) -> str:
            return f"States.Format('{bucket.s3_url_for_object('run={}')}', $$.Execution.Name)"

        plan = f"States.Format('{self._storage.working.s3_url_for_object('run={}/copied.json')}', $$.Execution.Name)"
        arguments: list[str] = [
            *_literals("spark-submit", "--deploy-mode", "client"),
            *_literals(*(part for name, value in SPARK_CONF.items() for part in ("--conf", f"{name}={value}"))),
            *_literals("--py-files", self._spark.python_code, self._spark.script),
            *_literals("--run-id"), "$$.Execution.Name",
            *_literals("--fencing-token"), "$.lease.fencing_token",
            *_literals("--plan"), plan,
            *_literals("--processed"), folder(self._storage.processed),
            *_literals("--quarantine"), folder(self._storage.quarantine),
        ]  # fmt: skip
        arrange = sfn.Pass(
            self,
            "ArrangeStep",
            parameters={"arguments.$": f"States.Array({', '.join(arguments)})"},
            result_path="$.step",
        )
        step = tasks.EmrAddStep(
            self,
            "TransformToProcessed",
            cluster_id=self._spark.cluster_id,
            name=_RUN_ID,
            jar="command-runner.jar",
            args=sfn.JsonPath.list_at("$.step.arguments"),
            action_on_failure=tasks.ActionOnFailure.CONTINUE,
            integration_pattern=sfn.IntegrationPattern.RUN_JOB,
            task_timeout=sfn.Timeout.duration(Duration.minutes(self._settings.step_timeout_minutes)),
            result_path=sfn.JsonPath.DISCARD,
        )
        step.add_retry(errors=["States.Timeout"], **NEVER)
        step.add_retry(**{**BACK_OFF, "max_attempts": 1})
        return arrange.next(self._guard(step))

    # After the publish

    def _analytics(self, after: sfn.IChainable) -> sfn.IChainable:
        rebuild = sfn.Parallel(self, "Analytics", result_path=sfn.JsonPath.DISCARD)
        for name, ranking in statements.RANKINGS.items():
            rebuild.branch(
                self._sql(
                    f"Rank{name.title()}",
                    statements.analytics(ranking, self._settings.analytics_top),
                    guarded=False,
                )
            )
        window = self._sql(
            "SetReviewWindow",
            statements.set_window(),
            parameters={"window_start": "$.plan.window.start", "window_end": "$.plan.window.end"},
        )
        return (
            self._check("CheckWarehouse", "CountWarehouseViolations", checks.warehouse_checks())
            .next(window)
            .next(self._guard(rebuild))
            .next(
                self._check(
                    "CheckAnalytics",
                    "CountAnalyticsViolations",
                    checks.analytics_checks(self._settings.analytics_top),
                )
            )
            .next(after)
        )

    def _finish(self) -> sfn.IChainable:
        report = self._invoke(
            "ReportRun",
            self._functions.report_run,
            {
                "run_id": _RUN_ID,
                "plan": sfn.JsonPath.object_at("$.plan"),
                "ledger_statement": sfn.JsonPath.string_at("$.ledger.statement"),
                "unfinished_statement": sfn.JsonPath.string_at("$.unfinished.statement"),
            },
            result_path="$.report",
        )
        ended = (
            sfn.Choice(self, "AnyRejects?")
            .when(
                sfn.Condition.boolean_equals("$.report.has_rejects", value=True),
                sfn.Succeed(
                    self,
                    "SucceededWithRejects",
                    output_path="$.report",
                    comment="see the quarantine zone for rows or files that could not be used",
                ),
            )
            .otherwise(sfn.Succeed(self, "Succeeded", output_path="$.report"))
        )
        return report.next(self._guard(self._lease.release("ReleaseLease", finished=True))).next(ended)

    def _nothing_to_do(self) -> sfn.IChainable:
        release = self._guard(self._lease.release("ReleaseIdleLease", finished=False))
        return release.next(sfn.Succeed(self, "NothingToDo", output_path="$.plan"))

    # Failure

    def _release_after_failure(self, alerts: sns.Topic) -> sfn.IChainable:
        notify = tasks.SnsPublish(
            self,
            "NotifyFailure",
            topic=alerts,
            subject=f"{self._settings.name}: a run has failed",
            message=sfn.TaskInput.from_object(
                {
                    "run": _RUN_ID,
                    "error": sfn.JsonPath.string_at("$.failure.Error"),
                    "cause": sfn.JsonPath.string_at("$.failure.Cause"),
                    "what to do": "Nothing is lost: files that were not published are still in the landing zone and "
                    "the next run takes them. Mend the cause; docs/runbook.md has a section for each error.",
                }
            ),
            result_path=sfn.JsonPath.DISCARD,
        )
        failed = sfn.Fail(self, "Failed", error_path="$.failure.Error", cause_path="$.failure.Cause")
        notify.add_retry(**BACK_OFF)
        notify.add_catch(failed, result_path="$.notification").next(failed)
        release = self._lease.release("ReleaseLeaseAfterFailure", finished=False)
        release.add_catch(notify, result_path="$.release").next(notify)
        return release

    # Building blocks

    def _guard(self, state: Guarded) -> Guarded:
        """The same state, with every error it does not handle itself leading to the failure states."""
        state.add_catch(self._failure, result_path="$.failure")
        return state

    def _sql(
        self,
        name: str,
        sql: Sequence[str] | str,
        *,
        parameters: dict[str, str] | None = None,
        result_path: str = sfn.JsonPath.DISCARD,
        guarded: bool = True,
    ) -> sfn.Parallel:
        polling = Polling(
            step_seconds=self._settings.statement_poll_seconds,
            timeout_seconds=60 * self._settings.statement_timeout_minutes,
        )
        run = RunSql(
            self,
            name,
            warehouse=self._warehouse,
            polling=polling,
            statements=sql,
            parameters=parameters,
            result_path=result_path,
        )
        return self._guard(run.state) if guarded else run.state

    def _check(self, name: str, query_name: str, query: str) -> sfn.Chain:
        count = self._sql(query_name, query, result_path="$.quality")
        judge = self._invoke(
            name,
            self._functions.check_quality,
            {"stage": name, "statement": sfn.JsonPath.string_at("$.quality.statement")},
        )
        return sfn.Chain.start(count).next(judge)

    def _invoke(
        self,
        name: str,
        function: lambda_.Function,
        payload: dict[str, Any],
        result_path: str = sfn.JsonPath.DISCARD,
    ) -> tasks.LambdaInvoke:
        task = self._task(name, function, sfn.TaskInput.from_object(payload), result_path)
        return self._guard(task)

    def _task(
        self,
        name: str,
        function: lambda_.Function,
        payload: sfn.TaskInput,
        result_path: str = sfn.JsonPath.DISCARD,
    ) -> tasks.LambdaInvoke:
        task = tasks.LambdaInvoke(
            self,
            name,
            lambda_function=function,
            payload=payload,
            payload_response_only=True,
            retry_on_service_exceptions=False,
            result_path=result_path,
        )
        task.add_retry(errors=NOT_RETRIED, **NEVER)
        task.add_retry(**BACK_OFF)
        return task

    def _count(self, name: str, metric: str) -> tasks.CallAwsService:
        state = tasks.CallAwsService(
            self,
            name,
            service="cloudwatch",
            action="putMetricData",
            iam_resources=["*"],
            parameters={
                "Namespace": METRICS_NAMESPACE,
                "MetricData": [{"MetricName": metric, "Value": 1, "Unit": "Count"}],
            },
            result_path=sfn.JsonPath.DISCARD,
        )
        state.add_retry(**BACK_OFF)
        return state


def _literals(*values: str) -> list[str]:
    """Values as string literals of an intrinsic function; CDK tokens among them stay what they are."""
    return [f"'{value}'" for value in values]
