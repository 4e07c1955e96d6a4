"""A warehouse with the tables of the pipeline, on the engine that stands in for Redshift."""

from collections.abc import Iterator

import pytest

from local_cloud.redshift import RedshiftEngine
from sql import statements
from tests.local_cloud.redshift.conftest import Session
from tests.sql.staged import Staged


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("warehouse")
    with RedshiftEngine(folder / "warehouse.duckdb", folder) as engine:
        session = Session(engine)
        session.run(*statements.create_tables(), *statements.create_staging())
        yield session


@pytest.fixture
def staged(session: Session) -> Staged:
    """Empty staging and warehouse."""
    found = Staged(session)
    found.empty()
    return found
