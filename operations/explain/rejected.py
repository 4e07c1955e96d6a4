"""The rejected records that name a key, in quarantine."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog import USERS
from contract.keys import ALL_RUNS, run_of
from contract.plan import LandingObject
from contract.rejects import Reject
from lambdas.shared.zone import Zone, in_parallel
from operations.errors import OperationError
from operations.forget.subject import Subject
from operations.replay.rejects import Rejects
from operations.zones import Zones

_FILES_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A rejected record that names the key: where it was, and the rules that it breaks, each with its column.

    `certain` is False for a record that could not be split into fields: the digits of the key are somewhere in its text.
    """

    run_id: str
    dataset: str
    file: str
    record: int
    rules: tuple[tuple[str | None, str], ...]
    certain: bool
    users: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class Searched:
    """The rejects found, how many objects and bytes were read, and how many objects were not."""

    rejects: list[Rejected]
    objects: int
    bytes: int
    unread: int


def rejects_of(zones: Zones, subject: Subject, most: int) -> Searched:
    """The rejects of any dataset that name the subject by its key's column; the newest `most` bytes are read."""
    zone = Zone(zones.s3, zones.quarantine)
    try:
        by_run = defaultdict[str, list[LandingObject]](list)
        for item in zone.objects(ALL_RUNS):
            by_run[run_of(item.key)].append(item)
    except zones.s3.exceptions.NoSuchBucket:
        raise OperationError(
            f"there is no bucket {zones.quarantine}: run the pipeline first, or give the deployment's --name"
        ) from None
    lines = [item for items in by_run.values() for item in _with_lines(items)]
    lines.sort(key=lambda item: item.modified, reverse=True)
    read, total = list[LandingObject](), 0
    for item in lines:
        if total + item.size > most and read:
            break
        read.append(item)
        total += item.size
    found = in_parallel(lambda item: list(_in_object(zone, subject, item)), read, _FILES_AT_ONCE)
    rejects = [reject for of_object in found for reject in of_object]
    rejects.sort(key=lambda each: (each.run_id, each.file, each.record))
    return Searched(rejects, len(read), total, len(lines) - len(read))


def _with_lines(items: list[LandingObject]) -> Iterator[LandingObject]:
    wanted = set(Rejects.among([item.key for item in items]).lines)
    return (item for item in items if item.key in wanted)


def _in_object(zone: Zone, subject: Subject, item: LandingObject) -> Iterator[Rejected]:
    for line in zone.read(item.key).splitlines():
        if subject.occurs.search(line):
            reject = Reject.from_line(line)
            certain = _names(subject, reject)
            if certain is not None:
                yield Rejected(
                    run_id=reject.run_id,
                    dataset=reject.dataset.name,
                    file=reject.file,
                    record=reject.record,
                    rules=tuple((each.column, each.rule) for each in reject.violations),
                    certain=certain,
                    users=_users_in(reject),
                )


def _names(subject: Subject, reject: Reject) -> bool | None:
    """Whether the reject names the subject for certain; None if it does not name it."""
    if reject.row is not None:
        return True if subject.is_named(reject.row.get(subject.dataset.key)) else None
    return False if reject.dataset == subject.dataset else None


def _users_in(reject: Reject) -> frozenset[str]:
    named = (reject.row or {}).get(USERS.key)
    return frozenset() if named is None else frozenset({named.strip()})
