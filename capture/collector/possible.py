"""Empties the values in a review's records that the pipeline would reject."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from capture.emptying import Emptied, Impossible, Rules, text_table, without
from capture.spool.spool import Record, Records
from catalog import DATASETS, Dataset

log = logging.getLogger(__name__)


@dataclass
class Possible:
    """Empties impossible values and logs each; `emptied` counts them."""

    emptied: Emptied = field(default_factory=Emptied)
    _rules: Rules = field(default_factory=Rules)

    def records(self, review_id: str, records: Records, now: datetime) -> Records:
        """The records, captured at `now`, with every impossible value emptied, and without records whose key is impossible."""
        return {
            dataset.name: self._rows(review_id, dataset, records[dataset.name], now) for dataset in DATASETS
        }

    def _rows(self, review_id: str, dataset: Dataset, rows: list[Record], now: datetime) -> list[Record]:
        table = text_table(dataset, rows)
        found = self._rules.broken(dataset, table, now)
        for each in found:
            self._tell(review_id, dataset, each)
        left_out = {each.row for each in found if each.column.required}
        return [
            {column: text or "" for column, text in row.items()}
            for number, row in enumerate(without(found, table).to_pylist())
            if number not in left_out
        ]

    def _tell(self, review_id: str, dataset: Dataset, found: Impossible) -> None:
        column = f"{dataset.name}.{found.column.name}"
        end = "the record is left out" if found.column.required else "it becomes empty"
        self.emptied.add(column, found.text)
        log.warning("review %s: %s cannot be %.100r, %s", review_id, column, found.text, end)
