"""The plan of one run: which landing objects it takes, and where each of them goes."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class LandingObject:
    """An object as the listing of the landing zone shows it; `modified` is ISO 8601."""

    key: str
    etag: str
    size: int
    modified: str


@dataclass(frozen=True)
class Part:
    """A piece of a file as an object in the working zone: the file's header, and `records` of its records."""

    target: str
    records: int


@dataclass(frozen=True)
class TaskLimits:
    """What one copy task takes at most; a file that is bigger has a task of its own."""

    files: int
    bytes: int


@dataclass(frozen=True)
class PlannedFile:
    """A landing object and its destination; `problem` is set, and `dataset` not, if it goes to quarantine.

    If it was cut while it was copied, its `parts` are there instead of `target`.
    """

    key: str
    etag: str
    size: int
    target: str
    dataset: str | None = None
    problem: str | None = None
    parts: tuple[Part, ...] = ()

    def unusable(self, run_id: str, problem: str) -> "PlannedFile":
        """The same file on its way to quarantine."""
        name = self.target.rpartition("/")[2]
        return replace(self, target=f"run={run_id}/files/{name}", dataset=None, problem=problem)


@dataclass(frozen=True)
class Layout:
    """A header that at least one file of a dataset has, and the folder (S3 URI) of the files that have it."""

    dataset: str
    columns: tuple[str, ...]
    prefix: str

    @property
    def folder(self) -> str:
        """The prefix without the bucket: what the keys of the files begin with."""
        return self.prefix.split("/", 3)[3]


@dataclass(frozen=True)
class Plan:
    """What one run does with the landing zone. Stored as JSON: a payload of Step Functions holds 256 KiB.

    `published` names, in words, the files that an earlier run has published; they are not
    among `files`.
    """

    run_id: str
    files: tuple[PlannedFile, ...]
    layouts: tuple[Layout, ...]
    left_for_later: int = 0
    drift: tuple[str, ...] = field(default=())
    published: tuple[str, ...] = field(default=())

    def to_json(self) -> str:
        """The document that the copy tasks and the Spark job read."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Plan":
        """The plan in a document written by `to_json`."""
        document: dict[str, Any] = json.loads(text)
        return cls(
            run_id=document["run_id"],
            files=tuple(
                PlannedFile(**{**file, "parts": tuple(Part(**part) for part in file["parts"])})
                for file in document["files"]
            ),
            layouts=tuple(
                Layout(layout["dataset"], tuple(layout["columns"]), layout["prefix"])
                for layout in document["layouts"]
            ),
            left_for_later=document["left_for_later"],
            drift=tuple(document["drift"]),
            published=tuple(document["published"]),
        )

    def batches(self, limits: TaskLimits) -> list[tuple[PlannedFile, ...]]:
        """The files of each copy task, in order."""
        batches: list[list[PlannedFile]] = []
        total = 0
        for file in self.files:
            total += file.size
            if not batches or len(batches[-1]) == limits.files or total > limits.bytes:
                batches.append([])
                total = file.size
            batches[-1].append(file)
        return [tuple(batch) for batch in batches]

    def only(self, kept: Collection[str]) -> "Plan":
        """The plan without the files whose landing keys are not among `kept`, and without layouts left empty."""
        return self._with(file for file in self.files if file.key in kept)

    def without(self, problems: Mapping[str, str]) -> "Plan":
        """The plan with the files of those landing keys unusable, for the reason given, and without layouts left empty."""
        return self._with(
            file.unusable(self.run_id, problems[file.key]) if file.key in problems else file
            for file in self.files
        )

    def cut(self, parts: Mapping[str, tuple[Part, ...]]) -> "Plan":
        """The plan with the files of those landing keys in parts."""
        return replace(self, files=tuple(replace(file, parts=parts.get(file.key, ())) for file in self.files))

    def _with(self, files: Iterable[PlannedFile]) -> "Plan":
        kept = tuple(files)
        folders = {file.target.rpartition("/")[0] + "/" for file in kept}
        return replace(
            self, files=kept, layouts=tuple(layout for layout in self.layouts if layout.folder in folders)
        )


def listed_key(run_id: str) -> str:
    """Where the plan is, in the working zone, that was made of the listing."""
    return f"run={run_id}/listed.json"


def landed_key(run_id: str) -> str:
    """Where the keys and ETags of the listing are, as CSV: Redshift looks them up in its ledger."""
    return f"run={run_id}/landed.csv"


def plan_key(run_id: str) -> str:
    """Where the plan is without what was published before: what the copy tasks read."""
    return f"run={run_id}/plan.json"


def copied_key(run_id: str) -> str:
    """Where the plan is with what was really copied: what the Spark job reads."""
    return f"run={run_id}/copied.json"


def receipt_prefix(run_id: str) -> str:
    """What the keys of a run's receipts begin with."""
    return f"run={run_id}/copied/"


def receipt_key(run_id: str, batch: int) -> str:
    """Where a copy task writes what it copied, in the working zone."""
    return f"{receipt_prefix(run_id)}{batch:05d}.json"


def unreadable_prefix(run_id: str) -> str:
    """What the keys of the Spark job's list of unreadable files begin with, in the quarantine zone."""
    return f"run={run_id}/unreadable/part-"
