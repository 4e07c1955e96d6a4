"""A table that somebody has dropped or damaged, and the files that it is made of."""

import gzip
from typing import Any

import pytest

from catalog import AUTHORS
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from operations.rebuild.rebuilding import Rebuild
from operations.warehouse import Warehouse
from operations.zones import Zones
from tests.e2e.pipeline import Pipeline
from tests.e2e.records import EVENING, MORNING, NOON, author, csv_file

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pipeline(warm_pipeline: Pipeline) -> Pipeline:
    """Two deliveries: several files, one of them compressed, a late version, a repetition and a reject."""
    warm_pipeline.land("author.csv", csv_file([author(1, "Ann", NOON), author(2, "Bob", NOON)]))
    warm_pipeline.land("authors/more.csv.gz", gzip.compress(csv_file([author(3, "Cyd", NOON)]), mtime=0))
    assert warm_pipeline.run().final_state == "Succeeded"
    late = [author(1, "Ann, late", MORNING), author(2, "Bob, later", EVENING), author("x", "no number", NOON)]
    warm_pipeline.land("author.csv", csv_file([*late, author(3, "Cyd", NOON)]))
    assert warm_pipeline.run().final_state == "SucceededWithRejects"
    return warm_pipeline


def authors(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    columns = ", ".join(column.name for column in AUTHORS.stored_columns)
    return pipeline.query(f"select {columns} from goodreads_warehouse.authors order by author_id")


def rebuild() -> Rebuild:
    zones = Zones.of("goodreads", ACCOUNT, REGION)
    return Rebuild(dataset=AUTHORS, name="goodreads", zones=zones, warehouse=Warehouse())


@pytest.mark.parametrize(
    "damage",
    [
        "drop table goodreads_warehouse.authors",
        "delete from goodreads_warehouse.authors where author_id = 1",
        "update goodreads_warehouse.authors set name = 'wrong'",
    ],
)
def test_a_damaged_table_is_rebuilt_and_the_same_row_by_row(pipeline: Pipeline, damage: str) -> None:
    before = authors(pipeline)
    assert [row[:2] for row in before] == [(1, "Ann"), (2, "Bob, later"), (3, "Cyd")]
    Warehouse().run(damage)

    rebuild().run(allow_missing=False)
    run = pipeline.run()

    assert run.final_state == "SucceededWithRejects"
    assert authors(pipeline) == before
    assert pipeline.landed() == []
    assert pipeline.run({}).final_state == "NothingToDo"


def test_files_of_a_dropped_table_that_are_landed_again_stay_until_it_is_rebuilt(pipeline: Pipeline) -> None:
    before = authors(pipeline)
    content = csv_file([author(4, "Dan", NOON)])
    pipeline.land("authors/dan.csv", content)
    assert pipeline.run().final_state == "Succeeded"
    Warehouse().run("drop table goodreads_warehouse.authors")
    pipeline.land("authors/dan.csv", content)

    failed = pipeline.run()

    assert failed.execution.error == "DataQualityError"
    assert "`pipeline rebuild authors`" in (failed.execution.cause or "")
    assert pipeline.landed() == ["authors/dan.csv"]

    rebuild().run(allow_missing=False)

    assert pipeline.run().final_state == "SucceededWithRejects"
    assert [row[:2] for row in authors(pipeline)] == [*(row[:2] for row in before), (4, "Dan")]
    assert pipeline.landed() == []
