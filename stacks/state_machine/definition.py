"""The state machine: from landed files to fresh analytics, or to a failure that says what to do.

    AcquireLease ─► PlanCopies ─► CreateWarehouse ─► CompareCatalog ─► MigrateWarehouse
      │ held: Skipped   │ nothing, and no window asked for: NothingToDo      │
                                                                             ▼
    (CreateWarehouse fails, as the pipeline's user is missing: PrepareWarehouse ─► CreateUser ─► HandOverWarehouse ─► CreateWarehouse)
    (the last run published without finishing: its checks and analytics first)
                                                                             │
      ┌──────────────────────────────────────────────────────────────────────┘
      ▼
    MatchLedger ─► DropPublished ─► CopyToWorking ─► ConfirmCopies ─► TransformToProcessed ─► LoadStaging ─► AuditStaging
                                                                                                         │
    Succeeded ◄─ WriteReport ◄─ ReportRun ◄─ CheckAnalytics ◄─ Analytics ◄─ CheckWarehouse ◄─ AcknowledgeLanding ◄─ PublishWarehouse

Any error: ReleaseLeaseAfterFailure ─► NotifyFailure ─► WriteReportOfFailedRun ─► Failed. A run that is skipped or has nothing to
do writes its report, too. Whatever becomes of the report, the run ends as it would without.
"""

from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.checks import ANALYTICS_STAGE
from stacks.functions import Functions
from stacks.settings.settings import Settings
from stacks.state_machine.admission import Admission, Lease
from stacks.state_machine.blocks import Blocks
from stacks.state_machine.finishing import UNFINISHED_RUN, Failure, Finishing
from stacks.state_machine.intake import ACKNOWLEDGED, Intake
from stacks.state_machine.loading import Loading, SparkJob
from stacks.state_machine.migration import Migration
from stacks.state_machine.reporting import Reporting
from stacks.state_machine.run_sql import Warehouse
from stacks.storage import StorageStack

_UNFINISHED_RUN = sfn.Condition.is_present(UNFINISHED_RUN)
_ANY_FILE = sfn.Condition.is_present("$.plan.batches[0]")
_WINDOW_ASKED = sfn.Condition.boolean_equals("$.plan.window_asked", value=True)
_ANALYSED = sfn.Condition.is_present(f"$.checks.{ANALYTICS_STAGE}.checks")
_ANY_ROWS = sfn.Condition.boolean_equals("$.plan.has_rows", value=True)
_NOTHING_PUBLISHED_NOW = sfn.Condition.and_(
    sfn.Condition.string_equals("$.ledger.statement", ""),
    sfn.Condition.not_(sfn.Condition.is_present(ACKNOWLEDGED)),
)


class Definition(Construct):
    """All states; `body` is what the state machine runs, with `permissions` besides those that CDK adds."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: StorageStack,
        functions: Functions,
        warehouse: Warehouse,
        administration: Warehouse,
        job: SparkJob,
        alerts: sns.Topic,
    ) -> None:
        super().__init__(scope, construct_id)
        lease = Lease(self, "Lease", table=storage.lease_table)
        reporting = Reporting(self, "Reporting", settings=settings, functions=functions)
        failure = Failure(
            self,
            "Failure",
            pipeline=settings.name,
            lease=lease,
            alerts=alerts,
            reporting=reporting,
            reports=storage.reports,
        )
        blocks = Blocks(
            self,
            "Blocks",
            settings=settings,
            functions=functions,
            warehouse=warehouse,
            failure=failure.start,
        )
        admission = Admission(
            self,
            "Admission",
            state_machine_name=settings.name,
            blocks=blocks,
            lease=lease,
            reporting=reporting,
        )
        migration = Migration(self, "Migration", blocks=blocks, administration=administration)
        intake = Intake(self, "Intake", blocks=blocks, storage=storage)
        loading = Loading(self, "Loading", blocks=blocks, lease=lease, storage=storage, job=job)
        finishing = Finishing(self, "Finishing", blocks=blocks, lease=lease, reporting=reporting)

        # The stages, in the order of the run: chains of states; the last state of each leads nowhere yet.
        admit = admission.admit()
        plan = intake.plan()
        migrate = migration.migrate()
        catch_up = finishing.catch_up()
        match = intake.match()
        copy = intake.copy()
        acknowledge_files_without_rows = intake.acknowledge_files_without_rows()
        load = loading.load()
        analytics = finishing.analytics()
        caught_up = finishing.caught_up()
        finish = finishing.finish()
        nothing_to_do = finishing.nothing_to_do()

        # The order of the stages.
        anything_left = sfn.Choice(self, "AnythingLeft?", comment="or only made up for an earlier run?")
        window_left = sfn.Choice(
            self, "WindowLeft?", comment="was a window asked for that nothing has analysed yet?"
        )
        admit.next(plan)
        plan.next(
            sfn.Choice(self, "AnythingToDo?")
            .when(sfn.Condition.or_(_UNFINISHED_RUN, _ANY_FILE, _WINDOW_ASKED), migrate)
            .otherwise(nothing_to_do)
        )
        migrate.next(
            sfn.Choice(self, "UnfinishedRun?", comment="did the last run publish without finishing?")
            .when(_UNFINISHED_RUN, catch_up)
            .otherwise(anything_left)
        )
        catch_up.next(analytics)
        anything_left.when(_ANY_FILE, match).otherwise(window_left)
        window_left.when(
            sfn.Condition.and_(_WINDOW_ASKED, sfn.Condition.not_(_ANALYSED)), analytics
        ).otherwise(finish)
        match.next(sfn.Choice(self, "AnythingNew?").when(_ANY_FILE, copy).otherwise(analytics))
        copy.next(
            sfn.Choice(self, "AnyRows?", comment="or only empty and unusable files?")
            .when(_ANY_ROWS, load)
            .otherwise(acknowledge_files_without_rows)
        )
        acknowledge_files_without_rows.next(window_left)
        load.next(analytics)
        analytics.next(
            sfn.Choice(self, "CatchingUp?", comment="or has the run done with its own files?")
            .when(_NOTHING_PUBLISHED_NOW, caught_up)
            .otherwise(finish)
        )
        caught_up.next(anything_left)
        self.body = sfn.DefinitionBody.from_chainable(admit)
        self.permissions = blocks.permissions
