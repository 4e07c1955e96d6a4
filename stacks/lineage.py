"""Which columns each column of each table comes from: found in the statements that a run sends, before it is deployed.

sqlglot is no part of the functions' zip, so `make docs` writes what is found here to report/lineage.json.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node
from sqlglot.lineage import lineage as trace
from sqlglot.optimizer.qualify import qualify

from catalog import DATASETS, RECORD_HASH, Dataset
from contract.keys import RUN_SLOT
from contract.ledger import ACCOUNTING, FILES, LEDGER, LEDGER_FILES, LEDGER_FORGOTTEN
from report.document import Graph
from sql import statements
from sql.rankings import CURRENT, GROUPS, TABLES
from stacks.state_machine.layout import laid_out

STAGING, WAREHOUSE = "goodreads_staging", "goodreads_warehouse"
_TOP = 10  # any number: it is no column
_DIALECT = "redshift"
_ACCOUNTS = {f"{WAREHOUSE}.{table.name}" for table in (LEDGER, LEDGER_FILES, LEDGER_FORGOTTEN)} | {
    f"{CURRENT}.review_window"
}
_WINDOW = {"window_start": "timestamp", "window_end": "timestamp"}


def column_lineage() -> dict[str, Any]:
    """Each table that a run fills, with the tables it is made of, and each column with the columns it comes from.

    A column without any is a constant, counts rows, or is a time of the clock.
    """
    found = [*map(_processed, DATASETS), *map(_staged, DATASETS)]
    sent = [
        *statements.publish(),
        *(sql for tables in GROUPS.values() for sql in statements.analytics(tables, _TOP)),
    ]
    found += [table for sql in sent for table in _filled_by(sql)]
    return {"tables": _together(found)}


def _processed(dataset: Dataset) -> dict[str, Any]:
    """The Parquet files: the Spark job cleans each column by itself, and hashes all."""
    source = f"landing.{dataset.landing_name}"
    own = [{"name": name, "from": [f"{source}.{name}"]} for name in dataset.column_names]
    every = {"name": RECORD_HASH.name, "from": [f"{source}.{name}" for name in dataset.column_names]}
    return {"table": f"processed.{dataset.name}", "state": "TransformToProcessed", "columns": [*own, every]}


def _staged(dataset: Dataset) -> dict[str, Any]:
    """COPY takes the columns of the Parquet files by their names."""
    columns = [
        {"name": column.name, "from": [f"processed.{dataset.name}.{column.name}"]}
        for column in dataset.stored_columns
    ]
    return {"table": f"{STAGING}.{dataset.name}", "state": "LoadStaging", "columns": columns}


def _filled_by(sql: str) -> Iterator[dict[str, Any]]:
    """The table that a statement inserts rows into."""
    tree = sqlglot.parse_one(sql.replace(RUN_SLOT, "run"), dialect=_DIALECT)
    if isinstance(tree, exp.Merge):
        yield _merged(tree)
    elif isinstance(tree, exp.Insert) and isinstance(tree.expression, exp.Query):
        yield _inserted(tree)


def _merged(merge: exp.Merge) -> dict[str, Any]:
    table, source = _name(merge.this), _name(merge.args["using"])
    insert = next(
        when.args["then"] for when in merge.find_all(exp.When) if isinstance(when.args["then"], exp.Insert)
    )
    columns = [
        {"name": column.name, "from": [f"{source}.{each.name}" for each in value.find_all(exp.Column)]}
        for column, value in zip(insert.this.expressions, insert.expression.expressions, strict=True)
    ]
    return {"table": table, "state": "PublishWarehouse", "columns": columns}


def _inserted(insert: exp.Insert) -> dict[str, Any]:
    table = _name(insert.this.this)
    names = [column.name for column in insert.this.expressions]
    query = qualify(insert.expression.copy(), schema=_schema(), dialect=_DIALECT)
    # by position: an output may have another name than the column that it fills
    outputs = query.named_selects
    columns = [
        {
            "name": name,
            "from": sorted(set(_origins(trace(output, query.copy(), schema=_schema(), dialect=_DIALECT)))),
        }
        for name, output in zip(names, outputs, strict=True)
    ]
    state = "Analytics" if table.startswith(CURRENT) else "PublishWarehouse"
    # rows that are only counted name no column
    read = {_name(each) for each in query.find_all(exp.Table) if each.db}
    return {"table": table, "state": state, "inputs": sorted(read), "columns": columns}


def _origins(node: Node) -> Iterator[str]:
    """The columns of stored tables at the ends of a trace."""
    for end in node.walk():
        if not end.downstream and isinstance(end.expression, exp.Table) and "." in end.name:
            yield f"{_name(end.expression)}.{end.name.rpartition('.')[2].strip(chr(34))}"


def _name(table: exp.Expression) -> str:
    found = table if isinstance(table, exp.Table) else table.find(exp.Table)
    if found is None:
        raise ValueError(f"{table.sql(_DIALECT)} names no table")
    return f"{found.db}.{found.name}"


def _schema() -> dict[str, object]:
    small = (ACCOUNTING, FILES)
    ledgers = (LEDGER, LEDGER_FILES, LEDGER_FORGOTTEN)
    left_out = {"left_out": {"subject": "varchar", "since": "timestamp"}}
    return {
        STAGING: {
            **{
                each.name: dict.fromkeys((c.name for c in each.stored_columns), "varchar")
                for each in DATASETS
            },
            **{each.name: dict.fromkeys((c.name for c in each.columns), "varchar") for each in small},
        },
        WAREHOUSE: {
            **{
                each.name: dict.fromkeys((c.name for c in each.warehouse_columns), "varchar")
                for each in DATASETS
            },
            **{each.name: dict.fromkeys((c.name for c in each.columns), "varchar") for each in ledgers},
            **left_out,
        },
        CURRENT: {
            **{table.name: dict.fromkeys(table.definitions, "varchar") for table in TABLES},
            "review_window": _WINDOW,
        },
    }


def _together(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each table: several statements may fill it."""
    tables: dict[str, dict[str, Any]] = {}
    for each in found:
        held = tables.setdefault(each["table"], {**each, "columns": []})
        by_name = {column["name"]: column for column in held["columns"]}
        for column in each["columns"]:
            known = by_name.setdefault(column["name"], {"name": column["name"], "from": []})
            known["from"] = sorted({*known["from"], *column["from"]})
        held["columns"] = list(by_name.values())
        held["inputs"] = sorted(
            {*held.get("inputs", ()), *each.get("inputs", ()), *_tables_of(each["columns"])}
        )
    return list(tables.values())


def _tables_of(columns: Iterable[Mapping[str, Any]]) -> set[str]:
    return {origin.rpartition(".")[0] for column in columns for origin in column["from"]}


def drawing_of(tables: Sequence[Mapping[str, Any]]) -> Graph:
    """The tables, and what each one is made of, from left to right.

    The tables of the run's own accounts are left out: nearly every table leads to them.
    """
    edges = [
        {"from": source, "to": table["table"], "label": None}
        for table in tables
        for source in table["inputs"]
        if not {source, table["table"]} & _ACCOUNTS
    ]
    names = dict.fromkeys(edge[end] for edge in edges for end in ("from", "to"))
    nodes = [
        {"name": name, "label": name.removeprefix("goodreads_"), "type": "table", "around": None}
        for name in names
    ]
    return laid_out(nodes, edges, "LR")


def lineage_page() -> str:
    """The document that the report reads: a line for each table, and the drawing of all."""
    found = column_lineage()["tables"]
    tables = ",\n".join(json.dumps(table) for table in found)
    return f'{{"tables": [\n{tables}\n],\n"drawing": {json.dumps(drawing_of(found))}}}\n'
