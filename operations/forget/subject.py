"""What is to be forgotten: a record by its dataset and key, and how its id is recognised in text."""

import re
from dataclasses import dataclass
from functools import cached_property

from catalog import Dataset
from contract.ledger import subject_of
from sql.forgetting import Trace, traces_of

_AROUND = r"[^\w.+-]*"
"""White space in any encoding, control characters and stray quotes."""


@dataclass(frozen=True)
class Subject:
    """A record, and the records that belong to it: the reviews of a user."""

    dataset: Dataset
    key: int

    def __str__(self) -> str:
        return f"{self.dataset.key} {self.key}"

    @property
    def traces(self) -> tuple[Trace, ...]:
        """The datasets with the subject's rows, each with the column that holds the id."""
        return traces_of(self.dataset)

    @property
    def hashed(self) -> str:
        """How the ledger names the subject."""
        return subject_of(self.dataset.name, self.key)

    @property
    def command(self) -> str:
        """The name of this request in the lease: the same request has the same name, so that it can be repeated after a crash."""
        return f"forget/{self.dataset.name}/{self.key}"

    def column_in(self, dataset: Dataset) -> str | None:
        """The column of the dataset that holds the id; None if the dataset has no rows of the subject."""
        return next((trace.column for trace in self.traces if trace.dataset == dataset), None)

    def is_named(self, text: str | None) -> bool:
        """Whether a field holds the id, in any form that the Spark job reads as this number."""
        return text is not None and self._form.fullmatch(text) is not None

    @cached_property
    def occurs(self) -> re.Pattern[bytes]:
        """Finds the digits of the id in bytes, in UTF-8 and UTF-16. A file without them holds nothing of the subject."""
        digits = str(self.key)
        wide = rb"\x00".join(re.escape(digit.encode()) for digit in digits)
        return re.compile(rb"(?<![0-9])0*%b(?![0-9])|%b" % (digits.encode(), wide))

    @cached_property
    def _form(self) -> re.Pattern[str]:
        return re.compile(rf"{_AROUND}\+?0*{self.key}(\.0*)?{_AROUND}", re.ASCII)
