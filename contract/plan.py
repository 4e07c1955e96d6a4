"""The plan of one run: which landing objects it takes, and where each of them goes.

PlanCopies makes the plan, the copy tasks carry it out, ConfirmCopies keeps only the copied files, the Spark job reads them.
"""

import csv
import io
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from contract.keys import empty_folder, file_number, unusable_folder


@dataclass(frozen=True)
class LandingObject:
    """An object as the listing of the landing zone shows it; `modified` is ISO 8601."""

    key: str
    etag: str
    size: int
    modified: str


@dataclass(frozen=True)
class Limits:
    """The most that is taken at once. A bigger file is taken alone: otherwise it would wait for ever."""

    files: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A landed file: its key, ETag and size in landing, and `target`, the key of its copy.

    The copy is in the working zone, or in quarantine if the file has a `problem`; such a file has no `dataset`.
    """

    key: str
    etag: str
    size: int
    target: str
    dataset: str | None = None
    problem: str | None = None

    @property
    def number(self) -> int:
        """The file's number in the run."""
        return file_number(self.target)

    def unusable(self, run_id: str, problem: str) -> "PlannedFile":
        """The same file, planned for quarantine."""
        name = self.target.rpartition("/")[2]
        return replace(self, target=unusable_folder(run_id) + name, dataset=None, problem=problem)

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Self:
        """From an entry of the plan's document. Earlier versions wrote `parts` too: big files were cut."""
        return cls(**{name: value for name, value in entry.items() if name != "parts"})


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a whole file is in quarantine: the document beside it, under the file's key plus REASON."""

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
class Remark:
    """What a person should know about a file that the Spark job has read: a line of its list in quarantine."""

    run_id: str
    key: str
    remark: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one run does with the landing zone. Stored as JSON: a payload of Step Functions holds 256 KiB.

    `published` describes files that an earlier run published; they are not among `files`. `markers` hold no data; they are deleted
    with the files.
    """

    run_id: str
    files: tuple[PlannedFile, ...] = ()
    left_for_later: int = 0
    published: tuple[str, ...] = ()
    markers: tuple[LandingObject, ...] = ()

    def to_json(self) -> str:
        """The document that the copy tasks and the Spark job read."""
        return json.dumps(self, default=_entry, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The plan from a document of `to_json`. Earlier versions wrote `layouts` and `drift` too: the headers were read before the copy."""
        document: dict[str, Any] = json.loads(text)
        return cls(
            run_id=document["run_id"],
            files=tuple(map(PlannedFile.from_entry, document["files"])),
            left_for_later=document["left_for_later"],
            published=tuple(document["published"]),
            markers=tuple(LandingObject(**marker) for marker in document.get("markers", ())),
        )

    def landed_csv(self) -> str:
        """Key and ETag of each file, a record each, without a header: COPY loads it into the table LANDED."""
        text = io.StringIO()
        # the csv module quotes a carriage return in a key only if it quotes everything
        csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
            (file.key, file.etag) for file in self.files
        )
        return text.getvalue()

    def is_empty(self, file: PlannedFile) -> bool:
        """Whether the file has no bytes."""
        return file.target.startswith(empty_folder(self.run_id))

    def has_records(self, file: PlannedFile) -> bool:
        """Whether the file may hold records, as far as its name and its size tell: then the Spark job reads it."""
        return not file.problem and not self.is_empty(file)

    def batches(self, limits: Limits) -> list[tuple[PlannedFile, ...]]:
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
        """The plan without the files whose landing keys are not among `kept`."""
        return replace(self, files=tuple(file for file in self.files if file.key in kept))

    def without(self, problems: Mapping[str, str]) -> "Plan":
        """The plan with these landing keys unusable, each for its reason."""
        files = (
            file.unusable(self.run_id, problems[file.key]) if file.key in problems else file
            for file in self.files
        )
        return replace(self, files=tuple(files))


def _entry(value: LandingObject | PlannedFile | Plan) -> object:
    """The JSON value of an object: its fields."""
    return vars(value)
