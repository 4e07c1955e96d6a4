"""What became of each record of one key: the rules of the Spark job and of the publish, told record by record."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

INSERTED, UPDATED, STALE, DUPLICATE = "inserted", "updated", "stale", "duplicate"


class Version(NamedTuple):
    """When a record was captured, and the hash of its content: the greatest wins."""

    captured: datetime
    record_hash: int


@dataclass(frozen=True, kw_only=True)
class Record:
    """A good record of a landed file: its run, the file's key, the copy in the archive, and its number in the file."""

    run_id: str
    file: str
    copy: str
    record: int
    version: Version


@dataclass(frozen=True, kw_only=True)
class Judged(Record):
    """A record and what became of it, in the ledger's words.

    `outcome` is None if files that cannot be read any more, or were not read, may decide it. `superseded_by` is the run
    whose version replaced this one. `is_row`: the warehouse's row is this record.
    """

    outcome: str | None
    superseded_by: str | None = None
    is_row: bool = False


def judged(
    records: Iterable[Record],
    runs: Sequence[str],
    *,
    unread: Collection[str] = (),
    row: tuple[str | None, Version] | None = None,
) -> list[Judged]:
    """The records in the order of the runs, with what became of each.

    `runs` are all runs in the order of their publishes; `unread` those of which not every file was read; `row` is the
    run (None if the row does not tell) and the version of the warehouse's row.
    """
    place = {run: number for number, run in enumerate(runs)}
    ordered = sorted(records, key=lambda each: (place[each.run_id], each.copy, each.record))
    first_unread = min((place[run] for run in unread), default=len(runs))
    found: list[Judged] = []
    newest: Version | None = None
    for run, group in groupby(ordered, key=lambda each: each.run_id):
        delivered = list(group)
        outcomes = _outcomes(delivered, newest, known=place[run] < first_unread)
        found += [
            Judged(**vars(each), outcome=outcome) for each, outcome in zip(delivered, outcomes, strict=True)
        ]
        newest = max([each.version for each in delivered] + ([newest] if newest else []))
    return _with_row(_superseded(found), row)


def _outcomes(delivered: Sequence[Record], newest: Version | None, *, known: bool) -> list[str | None]:
    """Of the records of one run. `newest` is the newest version of the earlier runs; unless `known`, there may be more versions."""
    winner = max(each.version for each in delivered)
    outcomes: list[str | None] = [DUPLICATE if each.version == winner else STALE for each in delivered]
    first = next(number for number, each in enumerate(delivered) if each.version == winner)
    if newest is not None and winner < newest:
        outcomes[first] = STALE
    elif not known:
        outcomes[first] = None
    elif newest is None:
        outcomes[first] = INSERTED
    else:
        outcomes[first] = UPDATED if winner > newest else DUPLICATE
    return outcomes


def _superseded(found: Sequence[Judged]) -> list[Judged]:
    """The same, each version that was in the warehouse with the run that replaced it."""
    later: str | None = None
    told: list[Judged] = []
    for each in reversed(found):
        is_version = each.outcome in (INSERTED, UPDATED)
        told.append(replace(each, superseded_by=later) if is_version else each)
        later = each.run_id if each.outcome == UPDATED else later
    return told[::-1]


def _with_row(found: list[Judged], row: tuple[str | None, Version] | None) -> list[Judged]:
    """The same, with the record that made the row: the first one of its version in its run."""
    if row is None:
        return found
    run, version = row
    number = next(
        (
            number
            for number, each in enumerate(found)
            if each.version == version and run in (None, each.run_id)
        ),
        None,
    )
    if number is not None:
        found[number] = replace(found[number], is_row=True)
    return found
