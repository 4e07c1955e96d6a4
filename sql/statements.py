"""The batches of statements that the state machine sends to Redshift, each batch one transaction."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from textwrap import indent

from catalog import DATASETS, PUBLISHED_BY, Column, Dataset
from contract.checks import RESULTS
from contract.keys import PART, RUN_SLOT
from contract.ledger import (
    ACCOUNTING,
    CATALOG_VERSIONS,
    FILES,
    FILES_TO_LAND,
    LANDED,
    LEDGER,
    LEDGER_FILES,
    LEDGER_FORGOTTEN,
    LEFT_OUT,
    LINE,
    MOST_FILES,
    ROWS,
)
from sql import forgetting
from sql.rankings import CURRENT, FIRST_TABLES, PAST, TABLES, Measure, Table
from sql.template import (
    INDENT,
    assignments,
    column_definitions,
    column_list,
    definition_list,
    definitions,
    name_list,
    render,
)

DIGESTED = " characters, SHA-256 "
"""Between the length of a long text and its hash."""

_LONGEST_TOLD = 4096  # bytes: all other columns of a row together have fewer than 16 kB

SCHEMAS = ("goodreads_staging", "goodreads_warehouse", CURRENT, PAST)


def create_tables() -> list[str]:
    """Schemas and tables, where they do not exist yet. The other tables of the analytics are created where they are filled."""
    return [
        *(render("create_schema.sql", schema=schema) for schema in SCHEMAS),
        *(_create_warehouse_table(dataset) for dataset in DATASETS),
        render("warehouse/create_ledger.sql", columns=column_definitions(LEDGER.columns)),
        render("warehouse/create_ledger_files.sql", columns=column_definitions(LEDGER_FILES.columns)),
        _create_files_to_land(),
        render("warehouse/create_ledger_forgotten.sql", columns=column_definitions(LEDGER_FORGOTTEN.columns)),
        render("warehouse/create_left_out.sql", columns=column_definitions(LEFT_OUT.columns)),
        render("quality/create_results.sql", columns=column_definitions(RESULTS.columns)),
        render("migration/create_catalog_versions.sql", columns=column_definitions(CATALOG_VERSIONS.columns)),
        *(render("analytics/create_window.sql", schema=schema) for schema in (CURRENT, PAST)),
        *(render("analytics/seed_window.sql", schema=schema) for schema in (CURRENT, PAST)),
        *create_analytics(FIRST_TABLES),
    ]


def catalog() -> dict[str, dict[str, str]]:
    """The definition of each column, by table: what the tables of the warehouse and of the analytics have to be."""
    return {
        **{table: definitions(columns) for table, columns in _stored().items()},
        **{f"{CURRENT}.{table.name}": table.definitions for table in TABLES},
    }


def same_in_every_run() -> dict[str, dict[str, str]]:
    """The catalog without the columns that differ between two runs over the same files."""
    stored = _stored()
    varies = {
        (table, column.name) for table, columns in stored.items() for column in columns if column.of_the_run
    }
    return {
        table: {name: kind for name, kind in columns.items() if (table, name) not in varies}
        for table, columns in catalog().items()
    }


def _stored() -> dict[str, tuple[Column, ...]]:
    ledgers = (LEDGER, LEDGER_FILES, LEDGER_FORGOTTEN, LEFT_OUT, FILES_TO_LAND, RESULTS)
    tables = {dataset.name: dataset.warehouse_columns for dataset in DATASETS}
    tables |= {table.name: table.columns for table in ledgers}
    return {f"goodreads_warehouse.{name}": columns for name, columns in tables.items()}


def digest_of(tables: Mapping[str, Mapping[str, str]]) -> str:
    """The version of a catalog: the same for the same definitions, in whatever order."""
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


def create_warehouse() -> list[str]:
    """Create missing tables, then select the columns as they are, and last the recorded catalogs."""
    return [*create_tables(), render("migration/columns.sql"), render("migration/versions.sql")]


MIGRATION_STEPS = {
    kind: render(f"migration/{name}.sql", table="{table}", column="{column}", type="{type}")
    for kind, name in {"add": "add_column", "widen": "widen"}.items()
}
"""The statement of each kind of step, with `{table}`, `{column}` and `{type}` to be filled in."""


def record_catalog(tables: Mapping[str, Mapping[str, str]]) -> str:
    """Note that the tables are those of this catalog; the run is bound as `run_id`."""
    return render(
        "migration/record.sql", digest=digest_of(tables), definition=json.dumps(tables, sort_keys=True)
    )


def create_staging() -> list[str]:
    """Drop and recreate the staging tables, so that they follow the current catalog."""
    return [
        *drop_staging(),
        *(
            _create("staging/create_table.sql", dataset, "goodreads_staging", dataset.stored_columns)
            for dataset in DATASETS
        ),
        *(
            render("staging/create_small.sql", table=table.name, columns=column_definitions(table.columns))
            for table in (ACCOUNTING, FILES, LANDED)
        ),
    ]


def drop_staging() -> list[str]:
    """Drop the staging tables, where there are any."""
    return [
        render("drop_table.sql", schema="goodreads_staging", table=table)
        for table in (*_loaded(), LANDED.name)
    ]


def match_ledger(landed: str, role: str) -> list[str]:
    """Recreate staging, and select the landed files that the ledger already lists.

    `landed` is the S3 URI of the run's list of landed files, `role` the ARN that COPY assumes.
    """
    return [
        *create_staging(),
        render("staging/copy_landed.sql", location=landed, role=role),
        published(),
    ]


def published() -> str:
    """The landed files that the ledger lists, and for each how many rows its table lacks."""
    tables = "\nunion all\n".join(map(row_counts, DATASETS))
    return render("staging/published.sql", tables=indent(tables, INDENT))


def row_counts(dataset: Dataset) -> str:
    """How many rows a table of the warehouse holds, and how many the ledger expects."""
    return render("warehouse/row_counts.sql", table=dataset.name)


def load_staging(processed: str, role: str) -> list[str]:
    """Empty staging, then fill it from the Parquet files of one run.

    `processed` is the S3 URI of the run's folder in the processed zone, `role` the ARN that COPY assumes.
    """
    return [
        *(render("staging/clear.sql", table=table) for table in _loaded()),
        *(
            render(
                "staging/copy.sql",
                table=table,
                columns=names,
                location=f"{processed}/{table}/{PART}",
                role=role,
            )
            for table, names in _loaded().items()
        ),
    ]


def publish() -> list[str]:
    """Write what the run `{}` has staged into the ledger and the four warehouse tables."""
    return [
        render("warehouse/lock_ledger.sql"),
        *(
            render("warehouse/account.sql", table=dataset.name, key=dataset.key, run=RUN_SLOT)
            for dataset in DATASETS
        ),
        render(
            "warehouse/account_files.sql",
            run=RUN_SLOT,
            columns=column_list(FILES.columns),
            values=column_list(FILES.columns, "files."),
        ),
        *forgetting.leave_out(),
        *(
            render("warehouse/drop_superseded.sql", table=dataset.name, key=dataset.key)
            for dataset in DATASETS
        ),
        *(
            render(
                "warehouse/merge.sql",
                table=dataset.name,
                key=dataset.key,
                assignments=assignments(dataset, "staged"),
                columns=column_list(dataset.stored_columns),
                values=column_list(dataset.stored_columns, "staged."),
                published_by=PUBLISHED_BY.name,
                run=RUN_SLOT,
            )
            for dataset in DATASETS
        ),
    ]


def read_ledger() -> str:
    """The ledger's lines of the run bound as `run_id`, each for a dataset or, with a `file_key`, for a file."""
    counted = {column.name for column in FILES.columns}
    of_files = (
        f"{INDENT}numbered.{column.name}"
        if column.name in counted
        else f"{INDENT}cast(0 as bigint) as {column.name}"
        for column in LINE
    )
    return render(
        "warehouse/read_ledger.sql",
        columns=column_list(LINE),
        file_columns=",\n".join(of_files),
        most_files=MOST_FILES,
    )


def files_of(dataset: Dataset) -> str:
    """The files whose rows make up a table: run, key, ETag, size and rows."""
    return render("rebuild/files.sql", table=dataset.name)


def rows(table: str, columns: Mapping[str, str]) -> str:
    """All rows of a table, in no order; `table` has its schema before it. `columns` are names with types.

    A long text is told by its length and its SHA-256 hash: the Data API gives no row of more than 64 kB.
    """
    told = (
        f"cast(len({name}) as varchar(8)) || '{DIGESTED}' || sha2({name}, 256) as {name}"
        if _is_long(kind)
        else name
        for name, kind in columns.items()
    )
    return render("smoke/rows.sql", table=table, columns=",\n".join(f"{INDENT}{each}" for each in told))


def _is_long(kind: str) -> bool:
    width = re.match(r"varchar\((\d+)\)", kind)
    return bool(width and int(width[1]) > _LONGEST_TOLD)


def rebuild(dataset: Dataset) -> list[str]:
    """Empty a table and take its files and counts out of the ledger; needs `rebuild`, the name for the ledger's line.

    What has to be landed again is in FILES_TO_LAND afterwards. Doing it twice changes nothing.
    """
    return [
        render("warehouse/lock_ledger.sql"),
        _create_files_to_land(),
        _create_warehouse_table(dataset),
        render("rebuild/forget_landed.sql", table=dataset.name),
        render("rebuild/take_out_files.sql", table=dataset.name, columns=column_list(FILES_TO_LAND.columns)),
        render("rebuild/delete_files.sql", table=dataset.name),
        render(
            "rebuild/reverse.sql",
            table=dataset.name,
            columns=_counts("{}"),
            counts=_counts("-summed.{0} as {0}"),
            sums=indent(_counts("cast(sum({0}) as bigint) as {0}"), INDENT),
        ),
        render("rebuild/reverse_forgotten.sql", table=dataset.name),
        render("rebuild/empty_table.sql", table=dataset.name),
    ]


def landed_again(dataset: Dataset, parameters: Iterable[str]) -> str:
    """Note that all files of some runs are landed again; the runs are bound to these parameters."""
    names = ",\n".join(f"{2 * INDENT}:{name}" for name in parameters)
    return render("rebuild/landed.sql", table=dataset.name, runs=names)


def set_window(schema: str = CURRENT) -> str:
    """The analytics window, bound as `window_start` and `window_end`."""
    return render("analytics/set_window.sql", schema=schema)


def leaders(schema: str = CURRENT) -> str:
    """The first places by weighted rating: subject, place, label, id, review_count, weighted_rating, average_review_rating."""
    return render("analytics/leaders.sql", schema=schema)


def places(table: Table, schema: str = CURRENT) -> str:
    """All rows of a table with places: place, id, label."""
    label = table.names.get("label", "cast(null as varchar(1))")
    return render("analytics/places.sql", schema=schema, table=table.name, key=table.key, label=label)


def review_span(schema: str = CURRENT) -> str:
    """First and last day of the warehouse's reviews, and how many the window covers."""
    return render("analytics/review_span.sql", schema=schema)


def current_window(schema: str = CURRENT) -> str:
    """Start and end of the window that the analytics tables cover."""
    return render("analytics/current_window.sql", schema=schema)


def analytics(tables: Sequence[Table], top: int, schema: str = CURRENT) -> list[str]:
    """The tables, created where they are missing and rebuilt in their order; `top` is the number of places.

    Those of a past window are made anew: no step of a migration has to care for them.
    """
    return [
        *(render("drop_table.sql", schema=schema, table=table.name) for table in tables if schema == PAST),
        *create_analytics(tables, schema),
        *(render("analytics/clear.sql", schema=schema, table=table.name) for table in tables),
        *(
            render(
                f"analytics/{table.statement}.sql",
                schema=schema,
                table=table.name,
                key=table.key,
                columns=name_list(table.definitions),
                top=top,
                **table.names,
            )
            for table in tables
        ),
    ]


def _create_warehouse_table(dataset: Dataset) -> str:
    return _create("warehouse/create_table.sql", dataset, "goodreads_warehouse", dataset.warehouse_columns)


def tell_analytics(schema: str = CURRENT) -> str:
    """The first rows of each table as texts: what `report.analytics.tables` reads.

    The widest table comes first: the columns that other tables lack are then known to be texts.
    """
    widest_first = sorted(TABLES, key=lambda table: len(table.told_columns), reverse=True)
    width = len(widest_first[0].told_columns)
    return "\nunion all\n".join(_tell(table, schema, width) for table in widest_first)


def _tell(table: Table, schema: str, width: int) -> str:
    values = [*map(_as_text, table.told_columns), *(width - len(table.told_columns)) * ["null"]]
    return render(
        "analytics/tell.sql",
        schema=schema,
        table=table.name,
        values=",\n".join(f"{INDENT}{value} as value_{number}" for number, value in enumerate(values, 1)),
        order=table.order,
        told_first=table.told_first,
        shown=table.told,
    )


def _as_text(column: Measure) -> str:
    """Redshift casts no boolean to a text."""
    value = f"numbered.{column.name}"
    if column.kind == "boolean":
        return f"case when {value} then 'true' when not {value} then 'false' end"
    return f"cast({value} as varchar(1024))"


def create_analytics(tables: Sequence[Table], schema: str = CURRENT) -> list[str]:
    """Create the tables, where they are missing."""
    return [
        render(
            "analytics/create_table.sql",
            schema=schema,
            table=table.name,
            columns=definition_list(table.definitions),
            sort_key="place" if table.has_places else table.key,
        )
        for table in tables
    ]


def _create(path: str, dataset: Dataset, schema: str, columns: Iterable[Column]) -> str:
    return render(
        path,
        schema=schema,
        table=dataset.name,
        columns=column_definitions(columns),
        key=dataset.key,
        sort_key=dataset.sort_key,
    )


def _create_files_to_land() -> str:
    return render("warehouse/create_files_to_land.sql", columns=column_definitions(FILES_TO_LAND.columns))


def _counts(pattern: str) -> str:
    """The pattern for each count of the ledger, a line each."""
    return ",\n".join(INDENT + pattern.format(name) for name in ROWS)


def _loaded() -> dict[str, str]:
    """The staging tables that a run loads, each with its columns as a list for COPY, in the order of the files."""
    columns = {dataset.name: dataset.stored_columns for dataset in DATASETS}
    columns |= {table.name: table.columns for table in (ACCOUNTING, FILES)}
    return {table: column_list(each) for table, each in columns.items()}
