"""The plan of one run: which landing objects it takes, and where each of them goes.

PlanCopies makes it, the copy tasks work it off, ConfirmCopies keeps what was really copied, the Spark job reads that.
"""

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from catalog import Dataset, dataset_named
from contract.keys import empty_folder, file_number, unusable_folder


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


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A landed file: its key, ETag and size in landing, and `target`, the key of its copy.

    The copy is in the working zone, or in quarantine if the file has a `problem`; such a file has no `dataset`.
    If the file was cut while it was copied, its `parts` are there instead of `target`.
    """

    key: str
    etag: str
    size: int
    target: str
    dataset: str | None = None
    problem: str | None = None
    parts: tuple[Part, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The keys in the working zone of what is to be read."""
        return tuple(part.target for part in self.parts) or (self.target,)

    @property
    def number(self) -> int:
        """What tells the file from the run's other files."""
        return file_number(self.target)

    def unusable(self, run_id: str, problem: str) -> "PlannedFile":
        """The same file on its way to quarantine."""
        name = self.target.rpartition("/")[2]
        return replace(self, target=unusable_folder(run_id) + name, dataset=None, problem=problem)

    @classmethod
    def from_entry(cls, entry: dict[str, Any]) -> Self:
        """From an entry of the plan's document."""
        return cls(**{**entry, "parts": tuple(Part(**part) for part in entry["parts"])})


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a file is in quarantine as a whole: the document beside it, under the file's key and REASON."""

    key: str
    etag: str
    size: int
    problem: str


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A file that the Spark job could not read: a line of its list in quarantine."""

    run_id: str
    dataset: str | None
    key: str
    target: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Files of one dataset that share a header: `columns` in its order, and `prefix`, the folder (S3 URI) of all of them.

    ValueError if the header lacks a column of the catalog.
    """

    dataset: Dataset
    columns: tuple[str, ...]
    prefix: str

    def __post_init__(self) -> None:
        missing = [name for name in self.dataset.column_names if name not in self.columns]
        if missing:
            raise ValueError(
                f"the files below {self.prefix} lack {', '.join(missing)}; their header is "
                f"{', '.join(self.columns)}. {self.dataset.name} needs every column of the catalog"
            )

    @property
    def folder(self) -> str:
        """The prefix without scheme and bucket: what the targets of the layout's files begin with."""
        return self.prefix.split("/", 3)[3]

    def uris(self, file: PlannedFile) -> list[str]:
        """Where a file of the layout is, or its parts."""
        return [self.prefix.removesuffix(self.folder) + target for target in file.targets]

    @classmethod
    def from_entry(cls, entry: dict[str, Any]) -> Self:
        """From an entry of the plan's document; ValueError if its dataset is unknown."""
        return cls(
            dataset=dataset_named(entry["dataset"]), columns=tuple(entry["columns"]), prefix=entry["prefix"]
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one run does with the landing zone. Stored as JSON: a payload of Step Functions holds 256 KiB.

    `drift` tells of odd headers. `published` tells of the files that an earlier run has published; they are not among
    `files`.
    """

    run_id: str
    files: tuple[PlannedFile, ...] = ()
    layouts: tuple[Layout, ...] = ()
    left_for_later: int = 0
    drift: tuple[str, ...] = ()
    published: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The document that the copy tasks and the Spark job read."""
        return json.dumps(self, default=_entry, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The plan in a document written by `to_json`; ValueError if it does not fit the catalog."""
        document: dict[str, Any] = json.loads(text)
        return cls(
            run_id=document["run_id"],
            files=tuple(map(PlannedFile.from_entry, document["files"])),
            layouts=tuple(map(Layout.from_entry, document["layouts"])),
            left_for_later=document["left_for_later"],
            drift=tuple(document["drift"]),
            published=tuple(document["published"]),
        )

    def landed_csv(self) -> str:
        """Key and ETag of each file, a record each, without a header: COPY loads it into the table LANDED."""
        text = io.StringIO()
        # a carriage return in a key is quoted only if everything is
        csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
            (file.key, file.etag) for file in self.files
        )
        return text.getvalue()

    def is_empty(self, file: PlannedFile) -> bool:
        """Whether the file holds nothing, not even a header."""
        return file.target.startswith(empty_folder(self.run_id))

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


def _entry(value: Part | PlannedFile | Layout | Plan | Dataset) -> object:
    """What stands in the document: a dataset by its name, anything else by its fields."""
    return value.name if isinstance(value, Dataset) else vars(value)
