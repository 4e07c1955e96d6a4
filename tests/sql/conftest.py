"""A warehouse with the tables of the pipeline, on the engine that stands in for Redshift."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.redshift import RedshiftEngine
from sql import statements
from sql.rankings import TABLES
from tests.local_cloud.redshift.conftest import Session
from tests.sql.staged import Staged


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder whose folders are the buckets that COPY reads."""
    return tmp_path_factory.mktemp("warehouse")


@pytest.fixture(scope="module")
def session(buckets: Path) -> Iterator[Session]:
    with RedshiftEngine(buckets / "warehouse.duckdb", buckets) as engine:
        session = Session(engine)
        session.run(*statements.create_tables(), *statements.create_staging())
        session.run(*statements.create_analytics(TABLES))
        yield session


@pytest.fixture
def staged(session: Session) -> Staged:
    """Empty staging and warehouse."""
    found = Staged(session)
    found.empty()
    return found
