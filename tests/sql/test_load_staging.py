"""Staging is filled from what Spark has written, on real SQL."""

from pathlib import Path
from typing import Any

import pytest

from catalog import DATASETS
from contract.ledger import ACCOUNTING, FILES
from sql import statements
from tests.local_cloud.redshift.conftest import Session
from tests.sql import sound
from tests.sql.staged import Staged, Version

TABLES = (*(dataset.name for dataset in DATASETS), ACCOUNTING.name, FILES.name)


def staging(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the tables that a run loads."""
    return {
        table: sorted(session.rows(f"select * from goodreads_staging.{table}"), key=str) for table in TABLES
    }


@pytest.mark.slow
def test_loading_leaves_in_staging_exactly_what_the_run_has_written(
    session: Session, staged: Staged, buckets: Path
) -> None:
    sound.fill(session)
    written = staging(session)
    for table in TABLES:
        folder = buckets / "processed" / "run=r1" / table
        folder.mkdir(parents=True)
        session.engine._warehouse._connection.execute(  # noqa: SLF001  # the Data API writes no files
            f"copy goodreads_staging.{table} to '{folder}/part-0.parquet' (format parquet)"
        )
    staged.stage("r0", [Version(7, 5, 0)], files={"other.csv": "e1"})

    session.run(*statements.load_staging("s3://processed/run=r1", "arn:aws:iam::123456789012:role/copy"))

    assert staging(session) == written
