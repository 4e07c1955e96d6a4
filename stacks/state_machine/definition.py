"""The state machine: from what has landed to fresh analytics, or to a failure that says what to do.

    AcquireLease ─► PlanCopies ─► MatchLedger ─► DropPublished ─► CopyToWorking ─► ConfirmCopies ─► TransformToProcessed
      │ held: Skipped   │ nothing: NothingToDo                                                           │
      ▼                 ▼                                                                                ▼
    (the last run published without finishing: its checks and analytics first)     LoadStaging ─► AuditStaging
                                                                                                         │
    Succeeded ◄─ ReportRun ◄─ CheckAnalytics ◄─ Analytics ◄─ CheckWarehouse ◄─ AcknowledgeLanding ◄─ PublishWarehouse

Any error: ReleaseLeaseAfterFailure ─► NotifyFailure ─► Failed.
"""

from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from sql import checks, statements
from stacks.functions import Functions
from stacks.settings.settings import Settings
from stacks.state_machine.admission import Admission
from stacks.state_machine.blocks import RUN_ID, Blocks
from stacks.state_machine.intake import ANY_BATCH, Intake
from stacks.state_machine.lease import Lease
from stacks.state_machine.loading import Loading
from stacks.state_machine.retries import BACK_OFF
from stacks.state_machine.run_sql import Warehouse
from stacks.state_machine.spark_step import SparkJob
from stacks.storage import StorageStack

_UNFINISHED = "$.lease.item.unfinished_run.S"
"""Where the state data names a run that has published but not finished, if there is one."""

_UNFINISHED_RUN = sfn.Condition.is_present(_UNFINISHED)
_PUBLISHED_BEFORE = sfn.Condition.number_greater_than("$.plan.published_before", 0)


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
        self._functions = functions
        self._lease = Lease(self, "Lease", table=storage.lease_table)
        self._blocks = Blocks(
            self,
            "Blocks",
            settings=settings,
            functions=functions,
            warehouse=warehouse,
            failure=self._release_after_failure(alerts),
        )
        intake = Intake(self, "Intake", blocks=self._blocks, storage=storage, copy_role_arn=copy_role_arn)
        loading = Loading(
            self,
            "Loading",
            blocks=self._blocks,
            lease=self._lease,
            storage=storage,
            copy_role_arn=copy_role_arn,
            job=job,
        )
        finish = self._finish()
        anything = sfn.Choice(self, "AnythingToDo?")
        analytics = self._analytics(
            sfn.Choice(self, "CatchingUp?", comment="or is this after the run's own publish?")
            .when(sfn.Condition.string_equals("$.ledger.statement", ""), self._caught_up(anything))
            .otherwise(finish)
        )
        copied = intake.copy(rows=loading.load(analytics), no_rows=finish)
        # what was published before may have been so a moment ago, after the last analytics
        anything.when(ANY_BATCH, intake.match(new=copied, nothing_new=analytics)).otherwise(
            sfn.Choice(self, "CaughtUp?")
            .when(sfn.Condition.or_(_UNFINISHED_RUN, _PUBLISHED_BEFORE), finish)
            .otherwise(self._nothing_to_do())
        )
        planned = intake.plan().next(
            sfn.Choice(self, "UnfinishedRun?", comment="did the last run publish without finishing?")
            .when(_UNFINISHED_RUN, self._catch_up(analytics))
            .otherwise(anything)
        )
        admission = Admission(
            self,
            "Admission",
            state_machine_name=settings.name,
            blocks=self._blocks,
            lease=self._lease,
            admitted=planned,
        )
        self.body = sfn.DefinitionBody.from_chainable(admission.start)

    def _catch_up(self, analytics: sfn.IChainable) -> sfn.Chain:
        """Make up for a run that has published without finishing, before anything new can fail."""
        # the tables may be gone while the lease's item is not
        tables = self._blocks.sql("CreateWarehouse", statements.create_tables())
        ledger = self._blocks.sql(
            "ReadUnfinishedLedger",
            statements.read_ledger(),
            parameters={"run_id": _UNFINISHED},
            result_path="$.unfinished",
        )
        return tables.next(ledger).next(analytics)

    def _caught_up(self, after: sfn.IChainable) -> sfn.Chain:
        return self._blocks.guard(self._lease.mark_caught_up("MarkCaughtUp")).next(after)

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
        return report.next(self._blocks.guard(self._lease.finish("ReleaseLease"))).next(ended)

    def _nothing_to_do(self) -> sfn.IChainable:
        release = self._blocks.guard(self._lease.release("ReleaseIdleLease"))
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
        release = self._lease.release("ReleaseLeaseAfterFailure")
        release.add_catch(notify, result_path="$.release").next(notify)
        return release
