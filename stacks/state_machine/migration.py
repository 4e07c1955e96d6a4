"""Migration: the tables of the warehouse follow the catalog, before anything reads or writes them."""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from sql import rights, statements
from stacks.state_machine.blocks import FAILURE, RUN_ID, Blocks
from stacks.state_machine.run_sql import FAILED, REFUSED, Warehouse

_ADDED_BEFORE = '*column "* of relation "* already exists*'
"""Redshift's error for a column that is added again; it has no IF NOT EXISTS for columns."""

_THERE_BEFORE = '*user "*" already exists*'
"""Redshift's error for a user that is created again."""


class Migration(Construct):
    """States that create and alter tables; `administration` is the warehouse for the cluster's master user."""

    def __init__(
        self, scope: Construct, construct_id: str, *, blocks: Blocks, administration: Warehouse
    ) -> None:
        super().__init__(scope, construct_id)
        self._blocks = blocks
        self._administration = administration

    def migrate(self) -> sfn.Chain:
        """Create missing tables; add and widen columns if the catalog is newer, a statement each, and note its version."""
        catalog = statements.catalog()
        batch = statements.create_warehouse()
        create = self._blocks.sql("CreateWarehouse", batch, result_path="$.warehouse", guarded=False)
        self._prepare(create)
        compare = self._blocks.invoke(
            "CompareCatalog",
            self._blocks.functions.compare_catalog,
            {
                "run_id": RUN_ID,
                "wanted": catalog,
                "digest": statements.digest_of(catalog),
                "templates": statements.MIGRATION_STEPS,
                "columns": _result(len(batch) - 1),
                "versions": _result(len(batch)),
            },
            result_path="$.migration",
        )
        record = self._blocks.sql(
            "RecordCatalog",
            statements.record_catalog(catalog),
            parameters={"run_id": "$$.Execution.Name"},
        )
        newer = sfn.Condition.boolean_equals("$.migration.is_newer", value=True)
        choice = sfn.Choice(self, "CatalogIsNewer?").when(newer, self._steps().next(record))
        return create.next(compare).next(choice.afterwards(include_otherwise=True))

    def _prepare(self, create: sfn.Parallel) -> None:
        """If the pipeline's user cannot work, make the user the owner of everything, then create the tables again, once.

        What Redshift says of a user that is missing is not documented, so any failure leads here; a failure that stays is told.
        """
        prepare = self._blocks.sql(
            "PrepareWarehouse",
            rights.prepare_warehouse(),
            warehouse=self._administration,
            result_path="$.prepared",
        )
        create_user = self._blocks.sql(
            "CreateUser",
            rights.create_user(self._blocks.warehouse.user),
            warehouse=self._administration,
            done_before=_THERE_BEFORE,
        )
        hand_over = self._blocks.sql(
            "HandOverWarehouse",
            rights.hand_over(self._blocks.warehouse.user, self._blocks.warehouse.database),
            warehouse=self._administration,
        )
        prepare.next(create_user).next(hand_over).next(create)
        prepared = (
            sfn.Choice(self, "Prepared?", comment="or has this run not tried it?")
            .when(sfn.Condition.is_present("$.prepared"), self._blocks.failure)
            .otherwise(prepare)
        )
        create.add_catch(prepared, errors=[FAILED, REFUSED], result_path=FAILURE)
        self._blocks.guard(create)

    def _steps(self) -> sfn.Map:
        # not a batch: Redshift alters a column's type only outside of a transaction block
        steps = sfn.Map(
            self,
            "MigrateWarehouse",
            items_path="$.migration.steps",
            max_concurrency=1,
            result_path=sfn.JsonPath.DISCARD,
        )
        steps.item_processor(
            self._blocks.sql(
                "AlterTable",
                sfn.JsonPath.string_at("$.input"),
                guarded=False,
                done_before=_ADDED_BEFORE,
            )
        )
        return self._blocks.guard(steps)


def _result(number: int) -> str:
    """The id of the statement of that number in the batch of CreateWarehouse."""
    return sfn.JsonPath.format(f"{{}}:{number}", sfn.JsonPath.string_at("$.warehouse.statement"))
