"""A rejected record: the Spark job writes it to quarantine as a line of JSON, `pipeline replay` reads the line.

The fields of the classes are the columns of the line and of its violations.
"""

import json
from dataclasses import dataclass, fields
from typing import Any, Self

from catalog import Dataset, dataset_named

UTF8, BYTES = "UTF-8", "ISO-8859-1"
"""The encodings of a reject: as text, or each character a byte of the file."""


@dataclass(frozen=True)
class Violation:
    """A rule that a record breaks; no column and no value if the record could not be split into fields."""

    column: str | None
    rule: str
    value: str | None


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A rejected record of `file` (URI): its fields as `row`, or its text as `raw` with the file's header `columns`.

    `record` is its number in the landed file. If `encoding` is not UTF-8, each character stands for one byte of the file.
    A line of an older version of the job has neither `columns` nor `encoding`, and is UTF-8.
    """

    run_id: str
    dataset: Dataset
    file: str
    record: int
    violations: tuple[Violation, ...]
    row: dict[str, str | None] | None
    raw: str | None
    columns: tuple[str, ...] | None = None
    encoding: str = UTF8

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """From a line of the Spark job; ValueError if its dataset is unknown."""
        found: dict[str, Any] = json.loads(line)
        typed = {
            "dataset": dataset_named(found["dataset"]),
            "violations": tuple(Violation(**violation) for violation in found["violations"]),
            "columns": tuple(found["columns"]) if found.get("columns") else None,
        }
        return cls(**{name: value for name, value in found.items() if name in REJECT_COLUMNS} | typed)


REJECT_COLUMNS = tuple(field.name for field in fields(Reject))
VIOLATION_COLUMNS = tuple(field.name for field in fields(Violation))
