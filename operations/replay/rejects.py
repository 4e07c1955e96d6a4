"""What a run has left in quarantine: rejected records as JSON lines, and whole files with their reasons."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from catalog import DATASETS
from contract.keys import ALL_RUNS, PART, REASON, run_folder, run_of
from contract.plan import Reason
from contract.rejects import Reject
from operations.errors import OperationError
from operations.zones import Zones

_SHOWN_RUNS = 5
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class RejectedFile:
    """A file that was not used at all: its landing key, and where in quarantine it is kept."""

    key: str
    target: str
    problem: str


@dataclass(frozen=True)
class Rejects:
    """What one run has in quarantine: the keys of its JSON lines and of its reason documents."""

    lines: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @classmethod
    def among(cls, keys: list[str]) -> Self:
        """The rejects among one run's keys, without unfinished files of Spark and its own files."""
        present = set(keys)
        return cls(
            lines=tuple(key for key in keys if _is_lines(key)),
            # a file without its reason is a copy that has not ended: the original is still in landing
            reasons=tuple(
                key for key in keys if key.endswith(REASON) and key.removesuffix(REASON) in present
            ),
        )

    def __bool__(self) -> bool:
        return bool(self.lines or self.reasons)

    def records(self, zones: Zones) -> Iterator[Reject]:
        """The rejected records, one at a time."""
        for key in self.lines:
            body = zones.s3.get_object(Bucket=zones.quarantine, Key=key)["Body"]
            with body:
                yield from map(Reject.from_line, body.iter_lines(_READ_BYTES))

    def files(self, zones: Zones) -> Iterator[RejectedFile]:
        """The files that were rejected as a whole."""
        for key in self.reasons:
            body = zones.s3.get_object(Bucket=zones.quarantine, Key=key)["Body"]
            reason = Reason(**json.loads(body.read()))
            yield RejectedFile(reason.key, key.removesuffix(REASON), reason.problem)


def rejects_of(zones: Zones, run: str) -> Rejects:
    """The run's rejects. If it has none, OperationError names the newest runs that have some."""
    try:
        keys = [key for key, _ in _objects(zones, f"{run_folder(run)}/")]
        if rejects := Rejects.among(keys):
            return rejects
        newest = _runs_with_rejects(zones)
    except zones.s3.exceptions.NoSuchBucket:
        raise OperationError(
            f"there is no bucket {zones.quarantine}: run the pipeline first, or give the deployment's --name"
        ) from None
    what = "has rejected nothing" if keys else "has nothing in quarantine"
    others = ", ".join(newest[:_SHOWN_RUNS]) or "none"
    raise OperationError(
        f"run {run} {what} (s3://{zones.quarantine}/{run_folder(run)}/); runs with rejects, the newest first: {others}"
    )


def _runs_with_rejects(zones: Zones) -> list[str]:
    """Names, the newest first. Lists the whole zone: names of executions need not sort by time."""
    keys, newest = defaultdict[str, list[str]](list), dict[str, str]()
    for key, modified in _objects(zones, ALL_RUNS):
        run = run_of(key)
        keys[run].append(key)
        newest[run] = max(newest.get(run, ""), modified)
    return sorted(
        (run for run in keys if Rejects.among(keys[run])), key=lambda run: newest[run], reverse=True
    )


def _objects(zones: Zones, prefix: str) -> Iterator[tuple[str, str]]:
    """Keys, and when they were written."""
    for page in zones.s3.get_paginator("list_objects_v2").paginate(Bucket=zones.quarantine, Prefix=prefix):
        for item in page.get("Contents", []):
            yield item["Key"], item["LastModified"].isoformat()


def _is_lines(key: str) -> bool:
    _, *folders, name = key.split("/")
    return (
        folders in [[dataset.name] for dataset in DATASETS]
        and name.startswith(PART)
        and name.endswith(".json")
    )
