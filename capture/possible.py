"""Empties the values in captured records that the pipeline would reject."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from capture.emptying import Emptied, Rules, text_table, without
from capture.spool.spool import Record, Records
from catalog import DATASETS, Dataset

log = logging.getLogger(__name__)


@dataclass
class Possible:
    """Empties impossible values and leaves out records with an impossible key; logs and counts both."""

    emptied: Emptied = field(default_factory=Emptied)
    left_out: int = 0
    _rules: Rules = field(default_factory=Rules)

    def records(self, of: str, records: Records, now: datetime) -> Records:
        """The records, captured at `now`, with every impossible value emptied, and without records whose key is impossible.

        `of` says in the log what they are records of.
        """
        return {dataset.name: self._rows(of, dataset, records[dataset.name], now) for dataset in DATASETS}

    def empty(self, of: str, column: str, text: str) -> None:
        """Log and count a value that becomes empty; `column` is written like `books.num_pages`."""
        log.warning("%s: %s cannot be %.100r, it becomes empty", of, column, text)
        self.emptied.add(column, text)

    def _rows(self, of: str, dataset: Dataset, rows: list[Record], now: datetime) -> list[Record]:
        table = text_table(dataset, rows)
        found = self._rules.broken(dataset, table, now)
        left_out = {each.row for each in found if each.column.required}
        self.left_out += len(left_out)
        for each in found:
            column = f"{dataset.name}.{each.column.name}"
            if each.column.required:
                log.warning("%s: %s cannot be %.100r, the record is left out", of, column, each.text)
            elif each.row not in left_out:
                self.empty(of, column, each.text)
        return [
            {column: text or "" for column, text in row.items()}
            for number, row in enumerate(without(found, table).to_pylist())
            if number not in left_out
        ]
