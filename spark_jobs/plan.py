"""What the run is to read, as the copy step wrote it down."""

import json
from dataclasses import dataclass
from typing import Any, Self

from catalog import Dataset, dataset_named


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Files of one dataset that share a header: `columns` in header order, every file below `prefix`."""

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
