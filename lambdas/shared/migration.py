"""What has to change in the tables so that they are those of the catalog. Pure functions, no SQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Definitions = Mapping[str, Mapping[str, str]]
"""Column definitions such as `varchar(1024)` or `bigint not null`, by table and column."""

_REQUIRED = " not null"
_TYPES = {
    "bigint": "bigint",
    "boolean": "boolean",
    "integer": "integer",
    "timestamp without time zone": "timestamp",
}
"""Redshift's names of the types in SVV_COLUMNS, and the names in CREATE TABLE."""


@dataclass(frozen=True)
class Step:
    """A change of one column: it is added, or its text becomes wider."""

    kind: str
    table: str
    column: str
    type: str


@dataclass(frozen=True)
class Migration:
    """The steps in their order, and what cannot be done, in words. With anything refused no step may be taken."""

    steps: tuple[Step, ...] = ()
    refused: tuple[str, ...] = ()


def definitions_of(columns: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The tables as they are, from rows of SVV_COLUMNS."""
    tables: dict[str, dict[str, str]] = {}
    for column in columns:
        table = tables.setdefault(f"{column['table_schema']}.{column['table_name']}", {})
        required = _REQUIRED if column["is_nullable"] == "NO" else ""
        table[column["column_name"]] = _type_of(column) + required
    return tables


def migration(
    wanted: Definitions, found: Definitions, *, last: Definitions | None = None, is_older: bool = False
) -> Migration:
    """What brings the tables `found` to those `wanted`.

    A table that does not exist needs no step: it is created as a whole before it is filled.
    `last` is the catalog that the tables were brought to last. `is_older` says that the wanted catalog was applied before
    the last one, as after a deployment that was rolled back: then tables that are wider and have more columns stay so.
    """
    steps: list[Step] = []
    refused: list[str] = []
    for table, columns in wanted.items():
        if table not in found:
            continue
        there = found[table]
        for column, definition in columns.items():
            change = _change(table, column, definition, there.get(column), is_older=is_older)
            if isinstance(change, Step):
                steps.append(change)
            elif change:
                refused.append(f"{table}.{column} {change}")
        surplus = {column: there[column] for column in there if column not in columns}
        refused += _left_over(table, surplus, (last or {}).get(table, {}), is_older=is_older)
    return Migration(tuple(steps), tuple(refused))


def is_older(digest: str, recorded: Sequence[str]) -> bool:
    """Whether the catalog of that digest was applied before the last one; `recorded` are the digests in their order."""
    return digest in recorded and digest != recorded[-1]


def _change(table: str, column: str, wanted: str, found: str | None, *, is_older: bool) -> Step | str | None:
    """The step that a column needs, or why there is none; None if nothing has to change."""
    type_, required = _split(wanted)
    if found is None:
        if required:
            return "is new and required: the rows that are there have no value for it. Make it optional"
        return Step("add", table, column, type_)
    found_type, was_required = _split(found)
    if was_required and not required:
        return "is required in the warehouse and optional in the catalog: NOT NULL cannot be taken away"
    both = f"is {found_type} in the warehouse and {type_} in the catalog"
    width, found_width = _width(type_), _width(found_type)
    if width is None or found_width is None:
        return None if found_type == type_ else f"{both}: a type cannot change"
    if width > found_width:
        return Step("widen", table, column, type_)
    return None if width == found_width or is_older else f"{both}: a text cannot become narrower"


def _left_over(
    table: str, surplus: Mapping[str, str], last: Mapping[str, str], *, is_older: bool
) -> Iterator[str]:
    """What columns that the catalog does not have stand in the way of. A column of somebody's own may stay if it is optional."""
    for column, definition in surplus.items():
        if _split(definition)[1]:
            yield f"{table}.{column} is required in the warehouse and unknown to the catalog: no row could be written"
        elif column in last and not is_older:
            yield f"{table}.{column} is no longer in the catalog: a column is never dropped"


def _split(definition: str) -> tuple[str, bool]:
    """The type, and whether the column is required."""
    return definition.removesuffix(_REQUIRED), definition.endswith(_REQUIRED)


def _width(type_: str) -> int | None:
    """The bytes of a text; None for another type."""
    return int(type_[len("varchar(") : -1]) if type_.startswith("varchar(") else None


def _type_of(column: Mapping[str, Any]) -> str:
    """The type as CREATE TABLE has it; a type that no table of ours has is called what Redshift calls it."""
    kind = column["data_type"]
    if kind == "character varying":
        return f"varchar({column['character_maximum_length']})"
    if kind == "numeric":
        return f"decimal({column['numeric_precision']}, {column['numeric_scale']})"
    return _TYPES.get(kind, str(kind))
