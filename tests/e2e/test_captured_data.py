"""The captured sample through the deployed state machine, twice."""

from pathlib import Path

import pytest

from tests.e2e.pipeline import ANALYTICS, Pipeline

pytestmark = pytest.mark.e2e

DISTINCT = {"authors": 112, "books": 120, "reviews": 120, "users": 107}


def test_captured_files_become_the_warehouse_they_describe_and_a_repetition_changes_nothing(
    pipeline: Pipeline, seed: Path
) -> None:
    pipeline.land_folder(seed)
    first = pipeline.run()

    assert first.final_state == "Succeeded"
    assert pipeline.counts() == DISTINCT
    assert pipeline.landed() == []
    for dataset, rows in first.report["datasets"].items():
        assert rows["rows_read"] == 1651
        assert rows["rows_inserted"] == DISTINCT[dataset]
        assert rows["rows_read"] == sum(rows.values()) - rows["rows_read"]
        assert rows["rows_quarantined"] == 0
    sizes = {
        table: pipeline.query(f"select count(*) from goodreads_analytics.{table}")[0][0]
        for table in ANALYTICS
    }
    assert sizes["popular_authors_review_count"] == sizes["popular_books_average_rating"] == 10
    assert min(sizes.values()) > 0
    # the original joined back on the greatest timestamp, which keeps every row that has it
    twice = "select review_id from goodreads_warehouse.reviews group by review_id having count(*) > 1"
    assert pipeline.query(twice) == []
    before = pipeline.warehouse()

    pipeline.land_folder(seed)
    repeated = pipeline.run()

    assert repeated.final_state == "Succeeded"
    assert repeated.report["published_before"] == 4
    assert "CopyToWorking" not in repeated.states
    assert pipeline.landed() == []
    assert pipeline.warehouse() == before

    for file in seed.glob("*.csv"):
        pipeline.land(f"{file.stem}/under-another-name.csv", file.read_bytes())
    renamed = pipeline.run()

    assert renamed.final_state == "Succeeded"
    for rows in renamed.report["datasets"].values():
        assert rows["rows_inserted"] == rows["rows_updated"] == 0
        assert rows["rows_stale"] + rows["rows_duplicate"] == 1651
    assert pipeline.warehouse() == before
