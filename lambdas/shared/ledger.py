"""A run's lines of the ledger."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdas.shared.data_api import read_rows

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient


@dataclass(frozen=True)
class LedgerLine:
    """What became of the rows of one dataset: read = inserted + updated + stale + duplicate + quarantined."""

    run_id: str
    dataset: str
    rows_read: int
    rows_inserted: int
    rows_updated: int
    rows_stale: int
    rows_duplicate: int
    rows_quarantined: int


def read_ledger(client: "RedshiftDataAPIServiceClient", statement: str) -> list[LedgerLine]:
    """The lines that the statement (sql/warehouse/read_ledger.sql) found; none if the run is not published."""
    return [LedgerLine(**row) for row in read_rows(client, statement)]
