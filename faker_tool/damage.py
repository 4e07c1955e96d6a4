"""What each fault does to a record, in a way whose effect on the pipeline can be told beforehand."""

from collections.abc import Callable
from datetime import datetime, timedelta

from catalog import VERSION, Column, Dataset, Type

Record = dict[str, bytes]
"""The fields of a record as they stand in the file, quotes included, by column in the order of the file."""

Damage = Callable[[Record, Dataset, int], None]
"""Changes the record; the number is random, for choosing a column by."""

LATE = timedelta(days=1)
"""How much older a late version is."""

_BEFORE_ANY_TIME = {
    Type.TIMESTAMP: b"1899-12-31 23:59:59",
    Type.OFFSET_TIMESTAMP: b"Sun Dec 31 23:59:59 +0000 1899",
}


def _chosen(dataset: Dataset, choice: int, suits: Callable[[Column], bool]) -> Column:
    columns = [column for column in dataset.columns if suits(column)]
    return columns[choice % len(columns)]


def _is_text(column: Column) -> bool:
    return column.type is Type.TEXT


def _duplicate(_record: Record, _dataset: Dataset, _choice: int) -> None:
    """Nothing: the same record is delivered again."""


def _late(record: Record, dataset: Dataset, choice: int) -> None:
    captured = datetime.fromisoformat(record[VERSION.name].decode())
    record[VERSION.name] = str(captured - LATE).encode()
    record[_chosen(dataset, choice, _is_text).name] = b"an older text"


def _tie(record: Record, dataset: Dataset, choice: int) -> None:
    record[_chosen(dataset, choice, _is_text).name] = b"another text of the same moment"


def _bad_type(record: Record, dataset: Dataset, choice: int) -> None:
    record[_chosen(dataset, choice, lambda column: not _is_text(column)).name] = b"n/a"


def _out_of_range(record: Record, dataset: Dataset, choice: int) -> None:
    column = _chosen(dataset, choice, lambda each: each.minimum is not None or each.type in _BEFORE_ANY_TIME)
    below = _BEFORE_ANY_TIME.get(column.type) or str((column.minimum or 0) - 1).encode()
    record[column.name] = below


def _missing_required(record: Record, dataset: Dataset, choice: int) -> None:
    record[_chosen(dataset, choice, lambda column: column.required).name] = b""


def _missing_field(record: Record, _dataset: Dataset, _choice: int) -> None:
    record.popitem()


def _extra_field(record: Record, _dataset: Dataset, _choice: int) -> None:
    record[":surplus"] = b"surplus"


def _too_long(record: Record, dataset: Dataset, choice: int) -> None:
    # two bytes a letter: it would fit if letters were counted
    column = _chosen(dataset, choice, _is_text)
    record[column.name] = "ß".encode() * ((column.max_bytes or 0) // 2 + 1)


def _bad_bytes(record: Record, dataset: Dataset, choice: int) -> None:
    record[_chosen(dataset, choice, _is_text).name] = "Café".encode("iso-8859-1")


def _broken_quoting(record: Record, dataset: Dataset, choice: int) -> None:
    # Without comma or line break, and with an even number of quotes: the record ends where it should for every reader.
    record[_chosen(dataset, choice, _is_text).name] = b'"the "open" book"'


DAMAGE: dict[str, Damage] = {
    "duplicate": _duplicate,
    "late": _late,
    "tie": _tie,
    "bad_type": _bad_type,
    "out_of_range": _out_of_range,
    "missing_required": _missing_required,
    "missing_field": _missing_field,
    "extra_field": _extra_field,
    "too_long": _too_long,
    "bad_bytes": _bad_bytes,
    "broken_quoting": _broken_quoting,
}
"""By name of the fault."""
