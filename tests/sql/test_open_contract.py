"""docs/contract.odcs.yaml: it fits the standard, and it is the catalog."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from catalog import DATASETS, Severity
from sql import statements
from sql.checks import rules_of
from sql.open_contract import contract_page, open_contract
from tests.local_cloud.redshift.conftest import Session
from tests.sql.staged import Staged

CONTRACT: dict[str, Any] = yaml.safe_load(contract_page())


def queries(name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The rules that readers count with a query, by their names."""
    for table in CONTRACT["schema"]:
        for column in table["properties"]:
            for rule in column.get("quality", []):
                if rule["type"] == "sql" and name in rule["name"]:
                    yield rule["name"], rule


@pytest.mark.slow
def test_the_contract_is_valid_by_the_schema_of_the_standard() -> None:
    schema = json.loads(
        files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    )
    assert [error.message for error in Draft201909Validator(schema).iter_errors(CONTRACT)] == []


def test_the_page_holds_what_the_command_answers() -> None:
    assert open_contract() == CONTRACT


def test_the_contract_has_the_tables_and_columns_of_the_warehouse_with_their_types() -> None:
    told = {
        table["physicalName"]: {
            column["name"]: column["physicalType"] + (" not null" if column["required"] else "")
            for column in table["properties"]
        }
        for table in CONTRACT["schema"]
    }
    ledgers = {name for name in statements.catalog() if name.startswith("goodreads_warehouse.")} - {
        f"goodreads_warehouse.{dataset.name}" for dataset in DATASETS
    }
    assert told == {name: columns for name, columns in statements.catalog().items() if name not in ledgers}


def test_every_table_and_column_has_a_description() -> None:
    assert [table["name"] for table in CONTRACT["schema"] if not table["description"]] == []
    assert [
        (table["name"], column["name"])
        for table in CONTRACT["schema"]
        for column in table["properties"]
        if not column["description"]
    ] == []


def test_every_rule_of_the_catalog_is_told_with_its_severity() -> None:
    told = {
        (rule["name"], rule["severity"])
        for table in CONTRACT["schema"]
        for column in table["properties"]
        for rule in column.get("quality", [])
    }
    assert told == {
        (
            f"{dataset.name} {rule.column} {rule.name}",
            "error" if rule.severity is Severity.BLOCK else "warning",
        )
        for dataset in DATASETS
        for rule in rules_of(dataset)
        if rule.condition
    }


def test_every_table_has_one_key_and_every_reference_leads_to_one() -> None:
    keys = {
        f"{table['name']}.{column['name']}"
        for table in CONTRACT["schema"]
        for column in table["properties"]
        if column.get("primaryKey")
    }
    references = {
        each["to"]
        for table in CONTRACT["schema"]
        for column in table["properties"]
        for each in column.get("relationships", [])
    }
    assert len(keys) == len(CONTRACT["schema"])
    assert references == {"authors.author_id", "books.book_id", "users.user_id"}
    assert references < keys


def test_the_freshness_of_the_catalog_is_a_service_level() -> None:
    assert [(each["element"], each["value"], each["unit"]) for each in CONTRACT["slaProperties"]] == [
        (f"{dataset.name}.record_create_timestamp", dataset.fresh_within_days, "d")
        for dataset in DATASETS
        if dataset.fresh_within_days
    ]


def test_the_queries_of_the_contract_count_nothing_in_an_empty_warehouse(
    session: Session, staged: Staged
) -> None:
    assert staged
    assert {name: session.rows(rule["query"]) for name, rule in queries()} == {
        name: [(None,)] if rule["unit"] == "percent" else [(0,)] for name, rule in queries()
    }


@pytest.mark.usefixtures("staged")
def test_the_queries_of_the_contract_count_rows_that_violate(session: Session) -> None:
    session.run(
        "insert into goodreads_warehouse.users (user_id, record_create_timestamp, record_hash) values (1, '2020-01-01', 1)",
        "insert into goodreads_warehouse.reviews (review_id, user_id, review_rating, record_create_timestamp, record_hash) "
        "values (1, 1, 9, '2020-01-01', 1), (2, 2, 5, '2020-01-01', 2)",
    )
    ((_, rating),) = queries("reviews review_rating range")
    ((_, user),) = queries("reviews user_id reference")
    assert session.rows(rating["query"]) == [(1,)]
    assert [float(share) for (share,) in session.rows(user["query"])] == [50.0]
    assert (rating["mustBe"], user["mustBeLessOrEqualTo"]) == (0, 5)
