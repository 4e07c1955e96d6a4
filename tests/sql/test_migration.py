"""Tables of an older catalog on their way to a newer one, on the engine that refuses what Redshift refuses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.shared.migration import Migration, definitions_of, migration
from local_cloud.redshift import RedshiftEngine
from sql import statements
from sql.rankings import TABLES
from tests.local_cloud.redshift.conftest import Session
from tests.sql.migrating import NEWEST, create, found, histories, migrate


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A warehouse of its own: the tests change its tables."""
    folder = tmp_path_factory.mktemp("warehouse")
    with RedshiftEngine(folder / "warehouse.duckdb", folder) as engine:
        found = Session(engine)
        found.run(*statements.create_tables())
        yield found


@pytest.mark.slow
@settings(max_examples=15)
@given(histories(), st.data())
def test_from_any_older_catalog_by_any_way_the_tables_become_those_of_a_fresh_warehouse(
    session: Session, versions: list[dict[str, dict[str, str]]], data: st.DataObject
) -> None:
    """A run may skip versions, and may end in the middle of its steps."""
    create(session, versions[0])
    for version in versions[1:-1]:
        if data.draw(st.booleans()):
            migrate(session, version, steps=data.draw(st.none() | st.integers(0, 3)))
    migrate(session, NEWEST)

    assert found(session) == NEWEST
    assert migration(NEWEST, found(session)) == Migration()
    for table in NEWEST:
        assert session.rows(f"select count(*) from {table}") == [(1,)]


def test_the_tables_that_a_run_creates_are_those_of_the_catalog(tmp_path: Path) -> None:
    with RedshiftEngine(tmp_path / "warehouse.duckdb", tmp_path) as engine:
        session = Session(engine)
        session.run(*statements.create_warehouse())
        session.run(*statements.create_analytics(TABLES))
        (query,) = [sql for sql in statements.create_warehouse() if "svv_columns" in sql]
        described = engine.get_statement_result({"Id": session.run(query)})
        names = [column["name"] for column in described["ColumnMetadata"]]
        rows = [dict(zip(names, map(value, record), strict=True)) for record in described["Records"]]
        assert set(definitions_of(rows)) >= set(statements.catalog())
        assert migration(statements.catalog(), definitions_of(rows)) == Migration()


def value(field: dict[str, Any]) -> Any:
    return None if "isNull" in field else next(iter(field.values()))


def test_a_catalog_is_recorded_once_and_in_order(session: Session) -> None:
    session.run("delete from goodreads_warehouse.catalog_versions")
    first, second = ({"goodreads_warehouse.books": {"title": f"varchar({n})"}} for n in (1, 2))
    for catalog in (first, first, second, second, first):
        session.run(statements.record_catalog(catalog), run_id="r1")
    rows = session.rows("select version, digest, run_id from goodreads_warehouse.catalog_versions order by 1")
    digests = [statements.digest_of(catalog) for catalog in (first, second, first)]
    assert rows == [(number, digest, "r1") for number, digest in enumerate(digests, 1)]


def test_the_recorded_definition_fits_its_column_many_times(session: Session) -> None:
    session.run(statements.record_catalog(statements.catalog()), run_id="r1")
    (length,) = session.rows(
        "select max(octet_length(definition)) from goodreads_warehouse.catalog_versions"
    )[0]
    assert length < 65535 / 5
