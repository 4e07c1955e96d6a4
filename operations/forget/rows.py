"""The rows of a subject in the warehouse: counted, deleted, and told to the ledger."""

from functools import cached_property

from contract.checks import RESULTS
from operations.forget.subject import Subject
from operations.warehouse import Warehouse
from sql import forgetting
from sql.statements import create_tables


class Rows:
    """The tables of a warehouse that hold rows of subjects."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def of(self, subject: Subject) -> dict[str, int]:
        """The number of the subject's rows by table, those of staging too; tables without any are left out.

        In quality_results it is the number of results that name the subject, or a row of it, as an example.
        """
        found = {
            f"{schema}.{trace.dataset.name}": self._count(subject, trace, schema)
            for schema in (forgetting.WAREHOUSE, forgetting.STAGING)
            for trace in subject.traces
            if (schema, trace.dataset.name) in self._tables
        }
        found[f"{forgetting.WAREHOUSE}.{RESULTS.name}"] = sum(
            self._number(forgetting.count_examples(trace), subject)
            for trace in subject.traces
            if {(forgetting.WAREHOUSE, RESULTS.name), (forgetting.WAREHOUSE, trace.dataset.name)}
            <= self._tables
        )
        return {table: rows for table, rows in found.items() if rows}

    def forget(self, subject: Subject, *, also_later: bool) -> None:
        """Delete the subject's rows, and count them in the ledger, in one transaction; with `also_later` leave out later ones."""
        staged = {table for schema, table in self._tables if schema == forgetting.STAGING}
        self._warehouse.run(*create_tables())
        statements = forgetting.forget(subject.dataset, staged, also_later=also_later)
        self._warehouse.run(*statements, id=str(subject.key), subject=subject.hashed)

    def has_published(self, key: str, etag: str) -> bool:
        """Whether the ledger lists a landed file."""
        if (forgetting.WAREHOUSE, "ledger_files") not in self._tables:
            return False
        return bool(self._warehouse.run(forgetting.published(), file_key=key, etag=etag)[1])

    def _count(self, subject: Subject, trace: forgetting.Trace, schema: str) -> int:
        return self._number(forgetting.count(trace, schema), subject)

    def _number(self, statement: str, subject: Subject) -> int:
        _, ((rows,),) = self._warehouse.run(statement, id=str(subject.key))
        return int(rows)

    @cached_property
    def _tables(self) -> set[tuple[str, str]]:
        """Schema and name of every table that existed when it was first asked for."""
        return {(schema, table) for schema, table in self._warehouse.run(forgetting.tables())[1]}
