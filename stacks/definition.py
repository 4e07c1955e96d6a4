"""The state machine: from what has landed to fresh analytics, or to a failure that says what to do.

    AcquireLease ─► PlanCopies ─► CopyToWorking ─► TransformToProcessed ─► LoadStaging ─► AuditStaging
      │ held: Skipped   │ nothing: NothingToDo                                               │
      ▼                 ▼                                                                    ▼
    (the last run did not finish: acknowledge what it published)             PublishWarehouse, one transaction
                                                                                             │
    Succeeded ◄─ ReleaseLease ◄─ ReportRun ◄─ CheckAnalytics ◄─ Analytics ◄─ CheckWarehouse ◄─ AcknowledgeLanding

Any error: ReleaseLeaseAfterFailure ─► NotifyFailure ─► Failed.
"""

from aws_cdk import Duration
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from sql import checks, statements
from stacks.admission import UNFINISHED, Admission
from stacks.blocks import RUN_ID, Blocks
from stacks.functions import Functions
from stacks.lease import Lease
from stacks.retries import BACK_OFF
from stacks.run_sql import Warehouse
from stacks.settings import Settings
from stacks.spark_step import SparkJob, spark_step
from stacks.storage import StorageStack


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
        job: SparkJob,
        alerts: sns.Topic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._storage = storage
        self._functions = functions
        self._copy_role_arn = copy_role_arn
        self._job = job
        self._lease = Lease(self, "Lease", table=storage.lease_table)
        self._blocks = Blocks(
            self,
            "Blocks",
            settings=settings,
            functions=functions,
            warehouse=warehouse,
            failure=self._release_after_failure(alerts),
        )
        finish = self._finish()
        catch_up = self._analytics(finish)
        planned = self._plan(
            nothing=self._nothing_to_do(), catch_up=catch_up, rows=self._load(catch_up), no_rows=finish
        )
        admission = Admission(
            self,
            "Admission",
            state_machine_name=settings.name,
            blocks=self._blocks,
            lease=self._lease,
            functions=functions,
            planned=planned,
        )
        self.body = sfn.DefinitionBody.from_chainable(admission.start)

    # Planning and copying

    def _plan(
        self,
        *,
        nothing: sfn.IChainable,
        catch_up: sfn.IChainable,
        rows: sfn.IChainable,
        no_rows: sfn.IChainable,
    ) -> sfn.IChainable:
        plan = self._blocks.invoke(
            "PlanCopies",
            self._functions.plan_copies,
            {
                "run_id": RUN_ID,
                "started": sfn.JsonPath.string_at("$$.Execution.StartTime"),
                "input": sfn.JsonPath.object_at("$$.Execution.Input"),
            },
            result_path="$.plan",
        )
        acknowledge = self._blocks.invoke(
            "AcknowledgeFilesWithoutRows", self._functions.acknowledge_landing, {"run_id": RUN_ID}
        )
        acknowledge.next(self._if_unfinished("CatchUpFirst?", catch_up, no_rows))
        confirm = self._blocks.invoke(
            "ConfirmCopies", self._functions.confirm_copies, {"run_id": RUN_ID}, result_path="$.copied"
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
        return sfn.Choice(self, name).when(sfn.Condition.is_present(UNFINISHED), then).otherwise(otherwise)

    def _copy(self) -> sfn.Map:
        each = sfn.Map(
            self,
            "CopyToWorking",
            items_path="$.plan.batches",
            item_selector={"batch.$": "$$.Map.Item.Value", "run_id.$": "$$.Execution.Name"},
            max_concurrency=self._settings.copy_concurrency,
            result_path=sfn.JsonPath.DISCARD,
        )
        copy = self._blocks.task(
            "CopyBatch",
            self._functions.copy_to_working,
            sfn.TaskInput.from_object(
                {"batch": sfn.JsonPath.number_at("$.batch"), "run_id": sfn.JsonPath.string_at("$.run_id")}
            ),
        )
        each.item_processor(copy)
        return self._blocks.guard(each)

    # From working to the warehouse

    def _load(self, after: sfn.IChainable) -> sfn.IChainable:
        publish = self._blocks.sql("PublishWarehouse", statements.publish())
        ledger = self._blocks.sql(
            "ReadLedger",
            statements.read_ledger(),
            parameters={"run_id": "$$.Execution.Name"},
            result_path="$.ledger",
        )
        acknowledge = self._blocks.invoke(
            "AcknowledgeLanding",
            self._functions.acknowledge_landing,
            {"run_id": RUN_ID, "ledger_statement": sfn.JsonPath.string_at("$.ledger.statement")},
        )
        processed = self._storage.processed.s3_url_for_object("run={}")
        return (
            spark_step(
                self,
                job=self._job,
                storage=self._storage,
                blocks=self._blocks,
                timeout=Duration.minutes(self._settings.step_timeout_minutes),
            )
            .next(self._blocks.guard(self._lease.confirm("ConfirmLease")))
            .next(self._blocks.sql("CreateTables", statements.create_tables() + statements.create_staging()))
            .next(self._blocks.sql("LoadStaging", statements.load_staging(processed, self._copy_role_arn)))
            .next(self._blocks.check("AuditStaging", "CountStagingViolations", checks.staging_checks()))
            .next(self._blocks.guard(self._lease.mark_unfinished("MarkUnfinished")))
            .next(publish)
            .next(ledger)
            .next(acknowledge)
            .next(after)
        )

    # After the publish

    def _analytics(self, after: sfn.IChainable) -> sfn.IChainable:
        rebuild = sfn.Parallel(self, "Analytics", result_path=sfn.JsonPath.DISCARD)
        for name, ranking in statements.RANKINGS.items():
            rebuild.branch(
                self._blocks.sql(
                    f"Rank{name.title()}",
                    statements.analytics(ranking, self._settings.analytics_top),
                    guarded=False,
                )
            )
        window = self._blocks.sql(
            "SetReviewWindow",
            statements.set_window(),
            parameters={"window_start": "$.plan.window.start", "window_end": "$.plan.window.end"},
        )
        return (
            self._blocks.check("CheckWarehouse", "CountWarehouseViolations", checks.warehouse_checks())
            .next(window)
            .next(self._blocks.guard(rebuild))
            .next(
                self._blocks.check(
                    "CheckAnalytics",
                    "CountAnalyticsViolations",
                    checks.analytics_checks(self._settings.analytics_top),
                )
            )
            .next(after)
        )

    def _finish(self) -> sfn.IChainable:
        report = self._blocks.invoke(
            "ReportRun",
            self._functions.report_run,
            {
                "run_id": RUN_ID,
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
        return report.next(self._blocks.guard(self._lease.release("ReleaseLease", finished=True))).next(ended)

    def _nothing_to_do(self) -> sfn.IChainable:
        release = self._blocks.guard(self._lease.release("ReleaseIdleLease", finished=False))
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
                    "run": RUN_ID,
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
