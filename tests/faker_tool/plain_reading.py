"""What the pipeline has to make of landing files, worked out the plain way: record by record, with the csv module.

Nothing here comes from `faker_tool`: the rules are those of docs/datasets.md.
"""

import csv
import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from catalog import VERSION, Column, Dataset, Type

Row = dict[str, str]
_NOT_UTF8 = "surrogateescape"


@dataclass
class Found:
    """Counts over some files of one dataset. `stale` and `duplicate` are None where the hash decides."""

    read: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    versions: dict[int, Counter[tuple[datetime, tuple[str, ...]]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    truncated: int = 0

    @property
    def accepted(self) -> int:
        return self.read - self.rejects.total()

    @property
    def duplicate(self) -> int | None:
        """Records that equal the winner of their key."""
        copies = [_copies_of_the_newest(versions) for versions in self.versions.values()]
        return None if None in copies else sum(copy for copy in copies if copy)

    @property
    def stale(self) -> int | None:
        duplicate = self.duplicate
        return None if duplicate is None else self.accepted - len(self.versions) - duplicate


def _copies_of_the_newest(versions: Counter[tuple[datetime, tuple[str, ...]]]) -> int | None:
    newest = max(moment for moment, _ in versions)
    copies = [count for (moment, _), count in versions.items() if moment == newest]
    return copies[0] - 1 if len(copies) == 1 or max(copies) == 1 else None


def read_files(dataset: Dataset, paths: Iterable[Path]) -> Found:
    """Every record of the files."""
    found = Found()
    for path in paths:
        try:
            text = _content(path).decode("utf-8", _NOT_UTF8)
        except EOFError:
            found.truncated += 1
            continue
        header, _, body = text.partition("\n")
        names, records = header.split(","), list(_records(body))
        is_read_leniently = any(fields is None for fields in records)
        for fields in records:
            found.read += 1
            if fields is None or (is_read_leniently and any('"' in text for text in fields)):
                found.rejects["quoting"] += 1
            elif len(fields) != len(names):
                found.rejects["field_count"] += 1
            else:
                _judge(dataset, dict(zip(names, fields, strict=True)), found)
    return found


def _content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _records(text: str) -> Iterator[list[str] | None]:
    """Fields of each record; None if a quote within a quoted field is not doubled."""
    lines = iter(io.StringIO(text, newline="\n").readline, "")
    for line in lines:
        record = line
        while record.count('"') % 2:
            record += next(lines)
        try:
            yield next(csv.reader(io.StringIO(record, newline=""), strict=True))
        except csv.Error:
            yield None


def _judge(dataset: Dataset, row: Row, found: Found) -> None:
    broken = [rule for column in dataset.columns if (rule := broken_rule(column, row[column.name]))]
    assert len(broken) <= 1, "a made-up record breaks one rule at most"
    if broken:
        found.rejects[broken[0]] += 1
        return
    content = tuple(row[name] for name in dataset.column_names)
    moment = datetime.fromisoformat(row[VERSION.name])
    found.versions[int(row[dataset.key])][moment, content] += 1


def broken_rule(column: Column, text: str) -> str | None:
    """The rule that a field breaks."""
    if text in ("", *column.missing):
        return "required" if column.required else None
    if column.type is Type.TEXT:
        raw = text.encode("utf-8", _NOT_UTF8)
        if raw != raw.decode("utf-8", "ignore").encode():
            return "encoding"
        return "too_long" if len(raw) > (column.max_bytes or 0) else None
    try:
        return None if _is_in_range(column, text) else "range"
    except (ValueError, InvalidOperation):
        return "type"


def _is_in_range(column: Column, text: str) -> bool:
    match column.type:
        case Type.BOOLEAN:
            if text.lower() not in ("true", "false"):
                raise ValueError(text)
            return True
        case Type.TIMESTAMP:
            return datetime.fromisoformat(text) >= datetime(1900, 1, 1)  # noqa: DTZ001
        case Type.OFFSET_TIMESTAMP:
            moment = datetime.strptime(text[4:], "%b %d %H:%M:%S %z %Y")
            return moment >= datetime(1900, 1, 1, tzinfo=UTC)
        case _:
            bounds = column.bounds or (Decimal("-Infinity"), Decimal("Infinity"))
            return bounds[0] <= Decimal(text) <= bounds[1]
