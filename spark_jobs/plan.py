"""What the run is to read, as the copy step wrote it down."""

import json
from dataclasses import dataclass
from typing import Any, Self

from catalog import Dataset, dataset_named


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of a file that was cut while it was copied: its key in the working zone, and how many records it has."""

    target: str
    records: int


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A landed file: its key, ETag and size in landing, and `target`, its key in the working zone.

    If there are `parts`, they are there instead of `target`; the names of all begin with the file's number.
    `dataset` is NULL and `problem` set if the file was quarantined whole, before Spark could read it.
    """

    key: str
    etag: str
    size: int
    target: str
    dataset: str | None
    problem: str | None
    parts: tuple[Part, ...] = ()

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Self:
        return cls(
            key=entry["key"],
            etag=entry["etag"],
            size=entry["size"],
            target=entry["target"],
            dataset=entry["dataset"],
            problem=entry["problem"],
            parts=tuple(Part(**part) for part in entry["parts"]),
        )

    @property
    def targets(self) -> tuple[str, ...]:
        """The keys in the working zone of what is to be read."""
        return tuple(part.target for part in self.parts) or (self.target,)

    @property
    def number(self) -> int:
        """What tells the file from the run's other files: the first five digits of its name in the working zone."""
        return int(self.target.rpartition("/")[2][:5])


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Files of one dataset that share a header: `columns` in header order, every file below `prefix` (a URI)."""

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

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Self:
        return cls(
            dataset=dataset_named(entry["dataset"]), columns=tuple(entry["columns"]), prefix=entry["prefix"]
        )

    @property
    def folder(self) -> str:
        """The prefix without scheme and bucket: what the targets of the layout's files begin with."""
        return self.prefix.split("/", 3)[3]

    def uris(self, file: PlannedFile) -> list[str]:
        """Where a file of the layout is, or its parts."""
        return [self.prefix.removesuffix(self.folder) + target for target in file.targets]


def layouts_of(plan_text: str, *, run_id: str) -> list[Layout]:
    """The layouts of a plan document.

    ValueError if it is another run's plan, names an unknown dataset, or a header lacks a catalog column.
    """
    plan = json.loads(plan_text)
    if plan["run_id"] != run_id:
        raise ValueError(
            f"the plan belongs to run {plan['run_id']}, not to {run_id}: pass this run's plan.json"
        )
    return [Layout.from_json(entry) for entry in plan["layouts"]]


def files_of(plan_text: str) -> list[PlannedFile]:
    """The files of a plan document: those to read, those that hold nothing, and those with a problem."""
    return [PlannedFile.from_json(entry) for entry in json.loads(plan_text)["files"]]
