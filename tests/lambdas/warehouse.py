"""The ledger of a real warehouse."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog import DATASETS
from local_cloud.identity import Kind, Principal
from local_cloud.redshift import RedshiftEngine
from sql import statements
from tests.local_cloud.redshift.conftest import end_of
from tests.sql.engine import filled


def _arn(role: str) -> str:
    return f"arn:aws:iam::123456789012:role/{role}"


STATEMENTS_ROLE = "statements"
"""The role that submits: the functions read under the same role, in sessions of their own."""

STATEMENTS_ROLE_ARN = _arn(STATEMENTS_ROLE)

CLUSTER = {"ClusterIdentifier": "goodreads", "Database": "dev", "DbUser": "admin"}
_ALL = [dataset.name for dataset in DATASETS]
_LINE = "insert into goodreads_warehouse.ledger values (:run_id, :dataset, 1, 15, 1, 2, 3, 4, 5, true, true, getdate())"


@dataclass(frozen=True)
class Ledger:
    """Writes lines as a publish would, and reads them with the state machine's statement."""

    engine: RedshiftEngine

    def publish(self, run_id: str, datasets: Sequence[str] = _ALL) -> None:
        for dataset in datasets:
            self.run(_LINE, run_id=run_id, dataset=dataset)

    def read(self, run_id: str) -> str:
        """The id of a finished statement that read the lines of the run."""
        return self.run(statements.read_ledger(), run_id=run_id)

    def run(self, sql: str, *, submitter: str = STATEMENTS_ROLE, **parameters: str) -> str:
        """Run one statement to its end under the role of that name; its id."""
        bound = [{"name": name, "value": value} for name, value in parameters.items()]
        sent = self.engine.execute_statement(
            {**CLUSTER, "Sql": sql, **({"Parameters": bound} if bound else {})},
            Principal(Kind.ROLE, _arn(submitter), f"AROA{submitter}:session", "session"),
        )
        return self._ended(str(sent["Id"]))

    def check(self, batch: Sequence[str], run: str) -> str:
        """Run the checks of a stage for a run; the id of the statement that selects the results, the last one."""
        sent = self.engine.batch_execute_statement(
            {**CLUSTER, "Sqls": filled(batch, run)},
            Principal(Kind.ROLE, STATEMENTS_ROLE_ARN, f"AROA{STATEMENTS_ROLE}:session", "session"),
        )
        return f"{self._ended(str(sent['Id']))}:{len(batch)}"

    def create_tables(self) -> None:
        sent = self.engine.batch_execute_statement({**CLUSTER, "Sqls": statements.create_tables()})
        self._ended(str(sent["Id"]))

    def _ended(self, statement: str) -> str:
        ended = end_of(self.engine, statement)
        assert ended["Status"] == "FINISHED", ended.get("Error")
        return statement
