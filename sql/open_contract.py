"""Makes docs/contract.odcs.yaml: what readers and producers may rely on, in the Open Data Contract Standard (https://bitol.io), version 3."""

from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import Any

import yaml

from catalog import DATASETS, TRAILING, Column, Dataset, Severity, Type
from catalog import VERSION as CAPTURED
from sql.checks import Rule, custom_rules, join_of, rules_of
from sql.rankings import CURRENT, TABLES, Measure, Table
from sql.template import redshift_type, render

VERSION = "1.0.0"
"""Raised by hand: the first number when a column goes or changes its meaning, the second when something is added."""

_WAREHOUSE = "goodreads_warehouse"
_LOGICAL = {
    Type.BIGINT: "integer",
    Type.INTEGER: "integer",
    Type.RATING: "number",
    Type.BOOLEAN: "boolean",
    Type.TIMESTAMP: "timestamp",
    Type.OFFSET_TIMESTAMP: "timestamp",
    Type.TEXT: "string",
}
_KINDS = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "text": "string",
}
_SEVERITIES = {Severity.BLOCK: "error", Severity.WARN: "warning"}
_EFFECTS = {Severity.BLOCK: "ends the run before the publish", Severity.WARN: "is told by the run"}
_DIMENSIONS = {
    "unique": "uniqueness",
    "required": "completeness",
    "range": "conformity",
    "accepted": "conformity",
    "pattern": "conformity",
    "reference": "consistency",
}
_HEAD = "# Made by `make docs` from catalog/ and sql/rankings.py; `pipeline contract` prints it.\n"


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as one: a query stays readable."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


def contract_page() -> str:
    """The contract in YAML."""
    return _HEAD + yaml.dump(open_contract(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def open_contract() -> dict[str, Any]:
    """The contract as the standard's JSON schema describes it."""
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "goodreads-pipeline",
        "name": "Goodreads warehouse",
        "version": VERSION,
        "status": "active",
        "description": {
            "purpose": "Captured reviews, books, authors and users of Goodreads, and what the reviews of a window say of books and authors.",
            "usage": f"Read the schemas {_WAREHOUSE} and {CURRENT}. A producer lands CSV files with the columns of a {_WAREHOUSE} table, "
            "without record_hash and run_id (docs/datasets.md says how); a record that breaks the type, the range or the width of a column goes to quarantine.",
            "limitations": "Records arrive in any order, so a reference may be unknown today and known tomorrow. All times are UTC.",
        },
        "schema": [*map(_dataset, DATASETS), *map(_analytics, TABLES)],
        "slaProperties": [
            {
                "property": "latency",
                "value": dataset.fresh_within_days,
                "unit": "d",
                "element": f"{dataset.name}.{CAPTURED.name}",
                "description": "A run warns if the newest record is older.",
            }
            for dataset in DATASETS
            if dataset.fresh_within_days is not None
        ],
    }


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "physicalName": f"{_WAREHOUSE}.{dataset.name}",
        "physicalType": "table",
        "logicalType": "object",
        "description": dataset.description,
        "dataGranularityDescription": f"One row for each {dataset.key}: the newest version of the record",
        "properties": [_column(dataset, column) for column in dataset.warehouse_columns],
        "quality": list(_of_delivery(dataset)),
    }


def _column(dataset: Dataset, column: Column) -> dict[str, Any]:
    quality = [
        _rule(dataset, column, rule)
        for rule in rules_of(dataset)
        if rule.column == column.name and rule.condition
    ]
    made = {
        "name": column.name,
        "description": column.description,
        "logicalType": _LOGICAL[column.type],
        "physicalType": redshift_type(column),
        "required": column.required,
        **(
            {"primaryKey": True, "primaryKeyPosition": 1, "unique": True}
            if column.name == dataset.key
            else {}
        ),
        **({"logicalTypeOptions": options} if (options := _options(column)) else {}),
        **({"quality": quality} if quality else {}),
    }
    if reference := column.reference:
        made["relationships"] = [{"to": f"{reference.dataset}.{_key_of(reference.dataset)}"}]
    return made


def _options(column: Column) -> dict[str, Any]:
    """The standard counts characters: a text of so many bytes has at most as many."""
    if column.bounds:
        return {"minimum": column.minimum, "maximum": column.maximum}
    return {"maxLength": column.max_bytes} if column.max_bytes else {}


def _key_of(name: str) -> str:
    return next(dataset.key for dataset in DATASETS if dataset.name == name)


def _rule(dataset: Dataset, column: Column, rule: Rule) -> dict[str, Any]:
    return {
        "name": f"{dataset.name} {rule.column} {rule.name}",
        "description": f"A violation {_EFFECTS[rule.severity]}.",
        "dimension": _DIMENSIONS[rule.name],
        "severity": _SEVERITIES[rule.severity],
        **_measure(dataset, column, rule),
    }


def _measure(dataset: Dataset, column: Column, rule: Rule) -> Mapping[str, Any]:
    """How a reader counts: by a metric of the standard where there is one, else by a query."""
    none = {"mustBe": 0, "unit": "rows"}
    if rule.name == "unique":
        return {"type": "library", "metric": "duplicateValues", **none}
    if rule.name == "required":
        return {"type": "library", "metric": "nullValues", **none}
    if rule.name == "accepted" and column.accepted:
        return {
            "type": "library",
            "metric": "invalidValues",
            "arguments": {"validValues": [*column.accepted.values]},
            **none,
        }
    if rule.name == "pattern" and column.pattern:
        return {
            "type": "library",
            "metric": "invalidValues",
            "arguments": {"pattern": column.pattern.expression},
            **none,
        }
    table = f"{_WAREHOUSE}.{dataset.name}"
    if rule.name == "reference":
        query = render(
            "contract/violating_percent.sql",
            table=table,
            condition=str(rule.condition),
            join=dedent(join_of(column)),
        )
        return {"type": "sql", "query": query, "mustBeLessOrEqualTo": rule.allowed_percent, "unit": "percent"}
    query = render("contract/violations.sql", table=table, condition=str(rule.condition))
    return {"type": "sql", "query": query, **none}


def _of_delivery(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """The rules about a delivery as a whole. Readers see their results in goodreads_warehouse.quality_results."""
    texts = {
        "accounting": (
            Severity.BLOCK,
            "Each row read is inserted, updated, stale, a duplicate or in quarantine.",
        ),
        "reject_share": (Severity.BLOCK, "The share of rejected rows is at most what the deployment allows."),
        "volume": (
            Severity.WARN,
            f"The rows are as many as in the last {TRAILING.runs} runs, by median and deviation.",
        ),
        "empty_share": (Severity.WARN, f"Each column is as often empty as in the last {TRAILING.runs} runs."),
    }
    texts |= {
        custom.rule: (custom.severity, f"No row of the delivery violates the rule {custom.rule}.")
        for custom in custom_rules()
        if custom.table == dataset.name
    }
    for name, (severity, description) in texts.items():
        yield {
            "name": f"{dataset.name} {name}",
            "type": "text",
            "description": f"{description} A violation {_EFFECTS[severity]}.",
            "severity": _SEVERITIES[severity],
        }


def _analytics(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "physicalName": f"{CURRENT}.{table.name}",
        "physicalType": "table",
        "logicalType": "object",
        "description": f"{table.title}. {table.description}",
        "properties": [_measured(table, column) for column in table.columns],
    }


def _measured(table: Table, column: Measure) -> dict[str, Any]:
    bounds = dict(zip(("minimum", "maximum"), column.bounds, strict=True)) if column.bounds else {}
    return {
        "name": column.name,
        "description": column.description,
        "logicalType": "timestamp" if column.definition.startswith("timestamp") else _KINDS[column.kind],
        "physicalType": column.definition.removesuffix(" not null"),
        "required": column.definition.endswith(" not null"),
        **({"primaryKey": True, "primaryKeyPosition": 1, "unique": True} if column.name == table.key else {}),
        **({"logicalTypeOptions": bounds} if bounds else {}),
    }
