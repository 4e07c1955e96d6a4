"""Rejected records that explain themselves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from catalog import Dataset, Type
from contract.rejects import BYTES, REJECT_COLUMNS, UTF8, VIOLATION_COLUMNS
from spark_jobs.csv_reader import BROKEN, Corrupt, Records
from spark_jobs.ranges import Range
from spark_jobs.rules.in_duckdb import Cleaner, numbered

_SHOWN_CHARACTERS = 256
_TEXT = pa.string()
_TYPES = {
    "record": pa.int64(),
    "violations": pa.list_(pa.struct([(name, _TEXT) for name in VIOLATION_COLUMNS])),
    "row": pa.map_(_TEXT, _TEXT),
    "columns": pa.list_(_TEXT),
}
REJECTS = pa.schema([(name, _TYPES.get(name, _TEXT)) for name in REJECT_COLUMNS])
"""The columns of contract/rejects.py. A value in `violations` is cut to 256 characters; `raw` and `columns` are set where `row` is not.

If some bytes of a record are not UTF-8, its whole row (or raw) is ISO-8859-1, one character per byte: nothing is lost, and for a
file in that encoding the text is right.
"""

_Row = dict[str, Any]


@dataclass(frozen=True)
class Explainer:
    """Explains the rejects of a run among the records of one dataset; the `cleaner` is the dataset's."""

    run_id: str
    dataset: Dataset
    cleaner: Cleaner

    def rejects(
        self, records: Records, part: Range, columns: Sequence[str], before: int
    ) -> Iterator[pa.RecordBatch]:
        """The rejects among records of a range whose header is `columns`; `before` records of the file precede them."""
        rows = [*self._of_rows(records, columns), *self._of_corrupt(records.corrupt, columns)]
        if rows:
            known = {"run_id": self.run_id, "dataset": self.dataset.name, "file": part.uri}
            found = [known | row | {"record": before + row["record"]} for row in rows]
            yield pa.RecordBatch.from_pylist(found, schema=REJECTS)

    def _of_rows(self, records: Records, columns: Sequence[str]) -> Iterator[_Row]:
        indexes = self.cleaner.indexes_of_bad(numbered(records.texts, 0))
        if not indexes:
            return
        bad = records.values.take(pa.array(indexes, pa.int64()))
        values = zip(*(column.cast(pa.binary()).to_pylist() for column in bad.columns), strict=True)
        # the first of several equal names counts
        named = [dict(reversed(list(zip(columns, row, strict=True)))) for row in values]
        rules = self.cleaner.broken_rules(_as_texts(named, self.dataset))
        numbers = records.numbers()[indexes].tolist()
        for number, row, broken in zip(numbers, named, rules, strict=True):
            yield {"record": number} | self._explained(row, broken, dict.fromkeys(columns))

    def _explained(
        self, row: Mapping[str, bytes], broken: Mapping[str, str], names: Mapping[str, None]
    ) -> _Row:
        lost = {name for name, value in row.items() if not _is_utf8(value)}
        encoding = BYTES if lost else UTF8
        shown = {name: row[name].decode(encoding) or None for name in names}
        rules = {
            column.name: "encoding"
            if column.type is Type.TEXT and column.name in lost
            else broken.get(column.name)
            for column in self.dataset.columns
        }
        violations = [
            (name, rule, (shown[name] or "")[:_SHOWN_CHARACTERS] or None)
            for name, rule in rules.items()
            if rule
        ]
        return {"violations": _violations(*violations), "row": list(shown.items()), "encoding": encoding}

    @staticmethod
    def _of_corrupt(corrupt: Mapping[int, Corrupt], columns: Sequence[str]) -> Iterator[_Row]:
        for number, record in corrupt.items():
            content = record.raw.encode(BYTES)
            encoding = UTF8 if _is_utf8(content) else BYTES
            yield {
                "record": number,
                "violations": _violations((None, record.fault, None)),
                "raw": content.decode(encoding),
                "columns": columns,
                "encoding": encoding,
            }


def _violations(*found: tuple[str | None, str, str | None]) -> list[dict[str, str | None]]:
    return [dict(zip(VIOLATION_COLUMNS, each, strict=True)) for each in found]


def _as_texts(rows: Sequence[Mapping[str, bytes]], dataset: Dataset) -> pa.Table:
    """Rows of bytes as the cleaner takes them, with U+FFFD for bytes that are not UTF-8."""
    texts = {
        name: pa.array([row[name].decode(errors="replace") for row in rows], pa.string())
        for name in dataset.column_names
    }
    return numbered(pa.table(texts | {BROKEN: pa.repeat(pa.scalar(value=False), len(rows))}), 0)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
