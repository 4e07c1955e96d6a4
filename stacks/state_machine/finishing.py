"""Finishing: the checks and analytics after a publish, the report, and the ends of a run, also of a failed run."""

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from contract.keys import RUN_SLOT, page_key
from report.making import ANALYTICS, PAST_ANALYTICS
from sql import checks, statements
from sql.rankings import CURRENT, GROUPS, PAST
from stacks.state_machine.admission import Lease
from stacks.state_machine.blocks import RUN_ID, Blocks
from stacks.state_machine.reporting import Reporting
from stacks.state_machine.retries import BACK_OFF

UNFINISHED_RUN = "$.lease.item.unfinished_run.S"
"""The path in the state data to the name of a run that published but did not finish, if there is one."""

_WINDOW = "$.plan.window"
_PAST_WINDOW = f"{_WINDOW}.past"


class Finishing(Construct):
    """States after the publish of this run, or of an earlier run that did not finish."""

    def __init__(
        self, scope: Construct, construct_id: str, *, blocks: Blocks, lease: Lease, reporting: Reporting
    ) -> None:
        super().__init__(scope, construct_id)
        self._blocks = blocks
        self._lease = lease
        self._reporting = reporting

    def catch_up(self) -> sfn.Chain:
        """Make up for a run that published but did not finish, before anything new can fail."""
        ledger = self._blocks.sql(
            "ReadUnfinishedLedger",
            statements.read_ledger(),
            parameters={"run_id": UNFINISHED_RUN},
            result_path="$.unfinished",
        )
        return sfn.Chain.start(ledger)

    def caught_up(self) -> sfn.Chain:
        """Note that this run has made up for the earlier run."""
        return sfn.Chain.start(self._blocks.guard(self._lease.mark_caught_up("MarkCaughtUp")))

    def analytics(self) -> sfn.Chain:
        """Check the warehouse, rebuild the rankings of the window, and check them; then those of a past window, if one was asked for.

        The statements name their schema, so the past has states of its own: what is in a template is what runs.
        """
        checked = self._blocks.check("CheckWarehouse", "CountWarehouseViolations", checks.warehouse_checks())
        past = sfn.Choice(
            self, "PastWindow?", comment="was a window asked for that ends before this run?"
        ).when(
            sfn.Condition.is_present(_PAST_WINDOW),
            self._rebuild("Past", PAST, _PAST_WINDOW, told_at=PAST_ANALYTICS),
        )
        current = self._rebuild("", CURRENT, _WINDOW, told_at=ANALYTICS)
        return checked.next(current).next(past.afterwards(include_otherwise=True))

    def _rebuild(self, which: str, schema: str, window: str, *, told_at: str) -> sfn.Chain:
        """Rebuild the tables of a schema over a window, check them, and tell their first rows at a place of the state data."""
        rebuild = sfn.Parallel(self, f"{which}Analytics", result_path=sfn.JsonPath.DISCARD)
        for name, tables in GROUPS.items():
            rebuild.branch(
                self._blocks.sql(
                    f"Rank{which}{name.title()}",
                    statements.analytics(tables, self._blocks.settings.analytics_top, schema),
                    guarded=False,
                )
            )
        covered = self._blocks.sql(
            f"Set{which}ReviewWindow",
            statements.set_window(schema),
            parameters={"window_start": f"{window}.start", "window_end": f"{window}.end"},
        )
        check = self._blocks.check(
            f"Check{which}Analytics",
            f"Count{which}AnalyticsViolations",
            checks.analytics_checks(self._blocks.settings.analytics_top, schema),
        )
        told = self._blocks.sql(
            f"Read{which}Analytics",
            statements.tell_analytics(schema),
            result_path=f"$.{told_at}",
            guarded=False,
        )
        told.add_catch(check, result_path=sfn.JsonPath.DISCARD)  # only the report needs it
        return sfn.Chain.start(covered).next(self._blocks.guard(rebuild)).next(told).next(check)

    def finish(self) -> sfn.Chain:
        """Report the run, release the lease, and succeed."""
        report = self._blocks.invoke(
            "ReportRun",
            self._blocks.functions.report_run,
            {
                "run_id": RUN_ID,
                "plan": sfn.JsonPath.object_at("$.plan"),
                "ledger_statement": sfn.JsonPath.string_at("$.ledger.statement"),
                "unfinished_statement": sfn.JsonPath.string_at("$.unfinished.statement"),
                "checks": sfn.JsonPath.object_at("$.checks"),
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
        release = self._blocks.guard(self._lease.finish("ReleaseLease"))
        report.next(release).next(self._reporting.before(ended, "WriteReport"))
        return sfn.Chain.start(report)

    def nothing_to_do(self) -> sfn.Chain:
        """Release the lease and succeed, without a report."""
        release = self._blocks.guard(self._lease.release("ReleaseIdleLease"))
        end = sfn.Succeed(self, "NothingToDo", output_path="$.plan")
        return release.next(self._reporting.before(end, "WriteReportOfIdleRun"))


_FAILED = """\
A run of the pipeline {pipeline} has failed.

Run:   {{}}
Error: {{}}

Nothing is lost. Files that were not published are still in the landing zone, and the next run takes them.

What to do
1. docs/runbook.md has a section named after the error. The section says whether somebody has to act.
2. The states of the run, and where it stopped:
   .venv/bin/pipeline history {{}} --name {pipeline} --aws
   https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{{}}
3. The page of the run, a second after this mail (sign in, then Open):
   https://{region}.console.aws.amazon.com/s3/object/{reports}?region={region}&prefix={page}
4. When the cause is mended, wait for the next scheduled run. Nothing has to be started again.

Cause, as it was told:
{{}}
"""


class Failure(Construct):
    """`start` releases the lease and notifies people; every state leads to it on failure."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pipeline: str,
        lease: Lease,
        alerts: sns.Topic,
        reporting: Reporting,
        reports: s3.Bucket,
    ) -> None:
        super().__init__(scope, construct_id)
        # the text is data: whether an intrinsic function takes line ends in its own text is not documented
        text = _FAILED.format(
            pipeline=pipeline,
            region=Stack.of(self).region,
            reports=reports.bucket_name,
            page=page_key(RUN_SLOT),
        )
        word = sfn.Pass(
            self, "WordFailure", result=sfn.Result.from_object({"text": text}), result_path="$.message"
        )
        error, cause = sfn.JsonPath.string_at("$.failure.Error"), sfn.JsonPath.string_at("$.failure.Cause")
        execution = sfn.JsonPath.string_at("$$.Execution.Id")
        filled = sfn.JsonPath.format(
            sfn.JsonPath.string_at("$.message.text"), RUN_ID, error, RUN_ID, execution, RUN_ID, cause
        )
        notify = tasks.SnsPublish(
            self,
            "NotifyFailure",
            topic=alerts,
            subject=f"{pipeline}: a run has failed",
            message=sfn.TaskInput.from_text(filled),
            result_path=sfn.JsonPath.DISCARD,
        )
        failed = sfn.Fail(self, "Failed", error_path="$.failure.Error", cause_path="$.failure.Cause")
        notify.add_retry(**BACK_OFF)
        written = reporting.before(failed, "WriteReportOfFailedRun")
        notify.add_catch(written, result_path="$.notification").next(written)
        release = lease.release("ReleaseLeaseAfterFailure")
        release.add_catch(word, result_path="$.release").next(word)
        word.next(notify)
        self.start = release
