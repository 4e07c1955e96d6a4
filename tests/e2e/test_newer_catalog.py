"""A run whose catalog is newer than the tables."""

from typing import Any

import pytest

from operations.warehouse import Warehouse
from tests.e2e.pipeline import Pipeline
from tests.e2e.records import MORNING, NOON, author, csv_file

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pipeline(warm_pipeline: Pipeline) -> Pipeline:
    """One delivery is published."""
    warm_pipeline.land("author.csv", csv_file([author(1, "Ann", NOON)]))
    assert warm_pipeline.run().final_state == "Succeeded"
    return warm_pipeline


def older_tables() -> None:
    """The tables as they were when names had 16 bytes and authors no ratings."""
    for table in ("goodreads_warehouse.authors", "goodreads_analytics.best_authors"):
        Warehouse().run(f"alter table {table} alter column name type varchar(16)")
    Warehouse().run("alter table goodreads_warehouse.authors drop column rating_count")
    Warehouse().run("update goodreads_warehouse.catalog_versions set digest = 'older'")


def versions(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    return pipeline.query("select version, run_id from goodreads_warehouse.catalog_versions order by version")


def test_the_tables_follow_before_anything_is_loaded_and_the_run_is_recorded(pipeline: Pipeline) -> None:
    older_tables()
    pipeline.land("authors/2.csv", csv_file([author(2, "a name of more than 16 bytes", NOON)]))

    run = pipeline.run()

    assert run.final_state == "Succeeded"
    assert run.states.count("AlterTable") == 3
    assert run.states.index("RecordCatalog") < run.states.index("MatchLedger")
    rows = pipeline.query("select author_id, name, rating_count from goodreads_warehouse.authors order by 1")
    assert rows == [(1, "Ann", None), (2, "a name of more than 16 bytes", rows[1][2])]
    assert [version for version, _ in versions(pipeline)] == [1, 2]
    assert versions(pipeline)[1] == (2, run.execution.name)


def test_a_run_with_the_same_catalog_alters_nothing(pipeline: Pipeline) -> None:
    before = versions(pipeline)
    pipeline.land("authors/3.csv", csv_file([author(3, "Cyd", MORNING)]))
    run = pipeline.run()
    assert run.final_state == "Succeeded"
    assert "MigrateWarehouse" not in run.states
    assert versions(pipeline) == before


def test_a_change_that_redshift_cannot_make_ends_the_run_in_words_and_the_files_wait(
    pipeline: Pipeline,
) -> None:
    Warehouse().run("alter table goodreads_warehouse.authors alter column name type varchar(2048)")
    Warehouse().run("update goodreads_warehouse.catalog_versions set digest = 'older'")
    pipeline.land("authors/4.csv", csv_file([author(4, "Dan", MORNING)]))

    run = pipeline.run()

    assert run.execution.error == "MigrationRefusedError"
    assert "goodreads_warehouse.authors.name is varchar(2048) in the warehouse and varchar(1024)" in (
        run.execution.cause or ""
    )
    assert pipeline.landed() == ["authors/4.csv"]

    Warehouse().run("alter table goodreads_warehouse.authors alter column name type varchar(1024)")
    assert pipeline.run().final_state == "Succeeded"
    assert pipeline.landed() == []
