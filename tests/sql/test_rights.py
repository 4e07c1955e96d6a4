"""The tables belong to the pipeline's own user, also those that the superuser made before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_cloud.redshift import RedshiftEngine
from sql import rights, statements
from sql.rankings import CURRENT, GROUPS, PAST
from tests.local_cloud.redshift.conftest import CLUSTER, end_of

pytestmark = pytest.mark.slow  # a warehouse with all tables for each test

ROW = "insert into goodreads_warehouse.users (user_id, record_create_timestamp, record_hash) values (1, getdate(), 1)"
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs a batch as a user; the error, or nothing."""
    with RedshiftEngine(tmp_path / "goodreads.duckdb", tmp_path) as engine:

        def as_user(user: str, statements: list[str]) -> str:
            sent = engine.batch_execute_statement({**CLUSTER, "DbUser": user, "Sqls": statements})
            return str(end_of(engine, sent["Id"]).get("Error", ""))

        yield as_user


def test_a_warehouse_of_the_superuser_moves_over_with_its_rows(run: Run) -> None:
    assert run("admin", [*statements.create_tables(), *statements.create_staging(), ROW]) == ""
    assert "does not exist" in run("pipeline", statements.create_tables())

    assert run("admin", rights.prepare_warehouse()) == ""
    assert run("admin", [rights.create_user("pipeline")]) == ""
    assert run("admin", rights.hand_over("pipeline", "dev")) == ""

    assert run("pipeline", [*statements.create_warehouse(), *statements.create_staging()]) == ""
    assert run("pipeline", statements.publish()) == ""
    for group in GROUPS.values():
        for schema in (CURRENT, PAST):
            for _ in range(2):
                assert run("pipeline", statements.analytics(group, 10, schema)) == ""
    tables = [
        *statements.catalog(),
        "goodreads_warehouse.catalog_versions",
        "goodreads_analytics.review_window",
        "goodreads_past.review_window",
    ]
    assert run("pipeline", ["update goodreads_warehouse.users set user_id = 2 where user_id = 1"]) == ""
    assert run("pipeline", [f"drop table {table}" for table in tables]) == ""


def test_every_table_that_is_created_is_handed_over(run: Run) -> None:
    assert run("admin", rights.prepare_warehouse()) == ""
    assert run("admin", [rights.create_user("pipeline")]) == ""
    assert run("admin", rights.hand_over("pipeline", "dev")) == ""
    created = [
        sql.split("exists ")[1].split()[0] for sql in statements.create_tables() if "create table" in sql
    ]
    assert len(created) > 15
    assert run("pipeline", [f"drop table {table}" for table in created]) == ""


def test_a_table_that_the_master_user_makes_later_is_handed_over_too(run: Run) -> None:
    assert run("admin", [rights.create_user("pipeline")]) == ""
    again = run("admin", [rights.create_user("pipeline")])
    assert 'user "pipeline" already exists' in again
    assert run("admin", [*rights.prepare_warehouse(), *rights.hand_over("pipeline", "dev")]) == ""
    assert run("pipeline", ["drop table goodreads_warehouse.users"]) == ""

    assert run("admin", [*rights.prepare_warehouse(), *rights.hand_over("pipeline", "dev")]) == ""
    assert run("pipeline", ["delete from goodreads_warehouse.users"]) == ""
    assert run("pipeline", statements.create_warehouse()) == ""
