"""Which columns each column comes from, found in the statements that a run sends."""

import json
from pathlib import Path

import pytest

from catalog import DATASETS
from report.lineage import lineage
from sql.rankings import CURRENT, TABLES
from stacks import ROOT
from stacks.lineage import column_lineage, drawing_of, lineage_page

WITHOUT_ORIGIN = {
    "burst_review_count",  # counts rows, as review_count does
    "dataset",
    "forgotten_at",
    "published_at",
    "review_count",
    "rows_forgotten",
    "run_id",
    "share",
    "stars",
    "subject",
    "usual_review_count",  # a quotient of counts
}
"""Columns that are a constant, a count of rows or a time of the clock."""

REVIEWS = "goodreads_warehouse.reviews"
BOOKS = "goodreads_warehouse.books"
IMPORTANT = {
    "processed.reviews.review_rating": ["landing.reviews.review_rating"],
    "goodreads_staging.users.user_name": ["processed.users.user_name"],
    "goodreads_warehouse.reviews.user_id": ["goodreads_staging.reviews.user_id"],
    "goodreads_warehouse.books.record_hash": ["goodreads_staging.books.record_hash"],
    "goodreads_warehouse.books.run_id": [],
    "goodreads_warehouse.ledger_files.etag": ["goodreads_staging.files.etag"],
    "goodreads_analytics.popular_books_review_count.title": [f"{BOOKS}.title"],
    "goodreads_analytics.popular_books_review_count.average_review_rating": [f"{REVIEWS}.review_rating"],
    "goodreads_analytics.popular_books_weighted_rating.weighted_rating": [f"{REVIEWS}.review_rating"],
    "goodreads_analytics.popular_books_weighted_rating.is_known": [f"{BOOKS}.book_id"],
    "goodreads_analytics.best_books.title": ["goodreads_analytics.popular_books_average_rating.title"],
}


def columns() -> dict[str, list[str]]:
    return {
        f"{table['table']}.{column['name']}": column["from"]
        for table in lineage()["tables"]
        for column in table["columns"]
    }


def test_the_important_columns_come_from_where_they_should() -> None:
    found = columns()
    assert {name: found[name] for name in IMPORTANT} == IMPORTANT


def test_every_column_of_every_table_has_an_origin_or_is_a_declared_constant() -> None:
    found = columns()
    expected = {
        *(f"{CURRENT}.{table.name}.{column}" for table in TABLES for column in table.definitions),
        *(
            f"goodreads_warehouse.{dataset.name}.{column.name}"
            for dataset in DATASETS
            for column in dataset.warehouse_columns
        ),
    }
    assert expected <= found.keys()
    empty = {name.rpartition(".")[2] for name, origins in found.items() if not origins}
    assert empty == WITHOUT_ORIGIN


def test_every_origin_is_a_column_of_its_table() -> None:
    found = columns()
    known = {name.rpartition(".")[0] for name in found}
    origins = {origin for each in found.values() for origin in each}
    assert {origin for origin in origins if origin.rpartition(".")[0] in known} <= found.keys()


def test_the_tables_that_a_table_is_made_of_are_named_even_if_their_rows_are_only_counted() -> None:
    inputs = {table["table"]: table["inputs"] for table in lineage()["tables"]}
    assert inputs["goodreads_analytics.rating_distribution"] == ["goodreads_analytics.review_window", REVIEWS]
    assert inputs["goodreads_warehouse.books"] == ["goodreads_staging.books"]


@pytest.mark.slow
def test_the_document_is_what_the_statements_say_now() -> None:
    path = Path(ROOT) / "report" / "lineage.json"
    assert json.loads(lineage_page()) == json.loads(path.read_text(encoding="utf-8")), "run `make docs`"


@pytest.mark.slow
def test_each_table_but_those_of_the_runs_accounts_is_drawn_right_of_what_it_is_made_of() -> None:
    found = column_lineage()["tables"]
    drawing = drawing_of(found)
    places = {node["name"]: node for node in drawing["nodes"]}
    made = {table["table"] for table in found}
    assert made - places.keys() == {
        f"goodreads_warehouse.{name}" for name in ("ledger", "ledger_files", "ledger_forgotten")
    }
    for edge in drawing["edges"]:
        start, end = places[edge["from"]], places[edge["to"]]
        assert start["x"] + start["width"] / 2 == pytest.approx(edge["points"][0][0], abs=0.2)
        assert end["x"] - end["width"] / 2 == pytest.approx(edge["points"][-1][0], abs=0.2)
        assert start["x"] < end["x"]
