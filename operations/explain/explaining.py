"""Brings together what the warehouse, the archive and quarantine know of one record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

from capture.ids import is_made
from catalog import USERS
from command_line.counting import counted
from contract.ledger import subject_of
from operations.explain.archive import FileRecords, records_in
from operations.explain.history import Judged, judged
from operations.explain.made import COLUMNS, made_from
from operations.explain.rejected import Rejected, Searched, rejects_of
from operations.explain.stored import Forgotten, Ranked, Row, Stored
from operations.forget.subject import Subject
from operations.rebuild.archive import PublishedFile, look_up
from operations.zones import Zones
from sql.rankings import CURRENT, PAST

_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """How much was read: files and bytes of the archive, objects of quarantine; and the files and objects that were passed over."""

    files: int = 0
    bytes: int = 0
    runs: int = 0
    files_passed_over: int = 0
    rejects_objects: int = 0
    rejects_passed_over: int = 0


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """All that is known of a record. If it is `forgotten`, nothing else is told.

    `made_from` says what the id was made from if it is not Goodreads' own. `ranked_past` is about the past window that somebody
    asked for last. `unknown` says in plain words what could not be found out.
    """

    dataset: str
    key: int
    forgotten: Forgotten | None = None
    made_from: str | None = None
    row: Row | None = None
    records: tuple[Judged, ...] = ()
    rejects: tuple[Rejected, ...] = ()
    ranked: Ranked | None = None
    ranked_past: Ranked | None = None
    looked_at: LookedAt = LookedAt()
    unknown: tuple[str, ...] = ()


def explain(subject: Subject, stored: Stored, zones: Zones, most: int) -> Explanation:
    """Explain a record; at most `most` bytes of the archive are read, and as many of quarantine."""
    dataset = subject.dataset
    told = partial(Explanation, dataset=dataset.name, key=subject.key)
    row = stored.row_of(subject)
    forgotten = stored.forgotten(subject.hashed)
    if forgotten and (row is None or forgotten.left_out_since):
        return told(forgotten=forgotten)
    runs = stored.runs(dataset)
    files = [file for file in stored.files(dataset) if file.rows and file.run_id in runs]
    chosen, passed_over = _within(files, list(runs), row, most)
    found = records_in(
        zones,
        subject,
        [(archived, runs[archived.file.run_id]) for archived in look_up(zones, dataset, chosen)],
    )
    searched = rejects_of(zones, subject, most)
    users = {str(user) for each in found for user in each.users}
    if writer := _left_out(stored, users if row is None else set()):
        return told(forgotten=writer)
    flaggable = stored.flaggable(subject)
    return told(
        made_from=_made_from(stored, subject),
        row=row,
        records=_judged(found, passed_over, runs, row),
        rejects=tuple(_without_left_out(stored, searched.rejects)),
        ranked=stored.ranked(subject, flaggable, CURRENT),
        ranked_past=stored.ranked(subject, flaggable, PAST),
        looked_at=_looked_at(found, passed_over, searched),
        unknown=tuple(_unknown(found, passed_over, searched, row)),
    )


def _made_from(stored: Stored, subject: Subject) -> str | None:
    columns = COLUMNS.get(subject.dataset.name)
    if columns is None or not is_made(subject.key):
        return made_from(subject, None)
    return made_from(subject, stored.values_of(subject, columns))


def _within(
    files: Iterable[PublishedFile], runs: Sequence[str], row: Row | None, most: int
) -> tuple[list[PublishedFile], list[PublishedFile]]:
    """The files to read, and those to pass over: whole runs, that of the row first, then the newest."""
    place = {run: number for number, run in enumerate(runs)}
    first = row.run_id if row else None
    ordered = sorted(files, key=lambda file: (file.run_id != first, -place[file.run_id]))
    chosen, passed_over, total = list[PublishedFile](), list[PublishedFile](), 0
    for _, group in groupby(ordered, key=lambda file: file.run_id):
        of_run = list(group)
        size = sum(file.size for file in of_run)
        if chosen and (passed_over or total + size > most):
            passed_over += of_run
        else:
            chosen += of_run
            total += size
    return chosen, passed_over


def _judged(
    found: Sequence[FileRecords],
    passed_over: Sequence[PublishedFile],
    runs: Mapping[str, datetime],
    row: Row | None,
) -> tuple[Judged, ...]:
    unread = {each.archived.file.run_id for each in found if each.problem}
    unread |= {file.run_id for file in passed_over}
    records = [record for each in found for record in each.records]
    return tuple(judged(records, list(runs), unread=unread, row=(row.run_id, row.version) if row else None))


def _left_out(stored: Stored, users: Iterable[str]) -> Forgotten | None:
    """When one of the users was forgotten."""
    told = (stored.forgotten(subject_of(USERS.name, int(user))) for user in sorted(users) if user.isdecimal())
    return next((each for each in told if each), None)


def _without_left_out(stored: Stored, rejects: Iterable[Rejected]) -> list[Rejected]:
    """Without the rejects that name a user who was forgotten."""
    by_users = {each.users for each in rejects}
    hidden = {users for users in by_users if _left_out(stored, users)}
    return [each for each in rejects if each.users not in hidden]


def _looked_at(
    found: Sequence[FileRecords], passed_over: Sequence[PublishedFile], searched: Searched
) -> LookedAt:
    return LookedAt(
        files=len(found),
        bytes=sum(copy.size for each in found for copy in each.archived.copies),
        runs=len({each.archived.file.run_id for each in found}),
        files_passed_over=len(passed_over),
        rejects_objects=searched.objects,
        rejects_passed_over=searched.unread,
    )


def _unknown(
    found: Sequence[FileRecords], passed_over: Sequence[PublishedFile], searched: Searched, row: Row | None
) -> Iterable[str]:
    problems = [each for each in found if each.problem]
    for each in problems[:_SHOWN]:
        yield f"what {each.archived.file.key} of run {each.archived.file.run_id} says: {each.problem}"
    if len(problems) > _SHOWN:
        yield f"what {counted(len(problems) - _SHOWN, 'more file')} say"
    if passed_over:
        size = sum(file.size for file in passed_over)
        yield f"what {counted(len(passed_over), 'file')} of other runs say ({size:,} bytes): give a greater --read-at-most to read them"
    if searched.unread:
        yield f"what {counted(searched.unread, 'older object')} in quarantine say: give a greater --read-at-most to read them"
    if row and row.run_id is None:
        yield "which run published the row: the row is older than the column that names its run"
