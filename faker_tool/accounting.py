"""The counts that the pipeline's ledger should show for a load, computed from a few facts about each record."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from faker_tool.chunk import ROWS, Chunk, Integers
from faker_tool.values import keys, versions

Facts = npt.NDArray[np.void]
"""One entry for each record, of type FACT."""

FACT = np.dtype(
    [
        ("key", np.int32),
        ("version", np.int64),
        ("content", np.int64),
        ("repeat", np.bool_),
        ("rule", np.uint8),
    ]
)
"""`version` is the capture time in microseconds since 1970. Two records are equal if their `key`, `version` and `content`
are equal. `repeat` marks a record made to equal an earlier one. `rule` is an index into RULE_NAMES: the rule that the
record breaks, or ACCEPTED."""

RULE_NAMES = ("", "field_count", "quoting", "encoding", "required", "type", "range", "too_long")
ACCEPTED = 0

_RIVAL, _REPEATED_RIVAL = 1, 2


def facts_of(chunk: Chunk, number: int) -> Facts:
    """The facts of the records of chunk `number` without faults: no two records have the same content."""
    facts = np.zeros(ROWS, FACT)
    facts["key"] = keys(chunk)
    facts["version"] = versions(chunk)
    facts["content"] = np.arange(number * ROWS, (number + 1) * ROWS)
    return facts


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A dataset's line in the ledger after one run that takes all its files into an empty warehouse.

    `rows_stale` and `rows_duplicate` are None, and only their sum is known, if some key has several contents at its
    newest moment and one of these contents twice: the hash decides which content wins. `rejects` counts rows by rule.
    """

    rows_read: int
    rows_inserted: int
    rows_updated: int
    rows_stale: int | None
    rows_duplicate: int | None
    rows_stale_or_duplicate: int
    rows_quarantined: int
    rejects: dict[str, int]


class Tally:
    """Counts records in any order. Its memory grows with the number of keys, not of records.

    For each key it keeps the newest version, one content of that version, how many records have that content, and
    whether the same version also has other contents (rivals).
    """

    def __init__(self, largest_key: int) -> None:
        self._newest = np.full(largest_key + 1, np.iinfo(np.int64).min)
        self._content = np.zeros(largest_key + 1, np.int64)
        self._copies = np.zeros(largest_key + 1, np.int32)
        self._rivals = np.zeros(largest_key + 1, np.uint8)
        self._rules = np.zeros(len(RULE_NAMES), np.int64)

    def add(self, facts: Facts) -> None:
        """Count these records too."""
        self._rules += np.bincount(facts["rule"], minlength=len(RULE_NAMES))
        accepted = facts[facts["rule"] == ACCEPTED]
        keys, versions = accepted["key"].astype(np.intp), accepted["version"]
        before = self._newest[keys]
        np.maximum.at(self._newest, keys, versions)
        is_newest = versions == self._newest[keys]
        self._forget(keys[is_newest & (versions > before)])
        self._add_newest(keys[is_newest], accepted[is_newest])

    def expected(self) -> Expected:
        """The ledger's line for all records counted so far."""
        read, accepted = int(self._rules.sum()), int(self._rules[ACCEPTED])
        inserted = int(np.count_nonzero(self._copies))
        losers = accepted - inserted
        duplicates = int(self._copies.sum()) - inserted
        is_open = (self._rivals > 0) & ((self._copies > 1) | (self._rivals == _REPEATED_RIVAL))
        is_known = not is_open.any()
        rejects = dict(zip(RULE_NAMES, self._rules.tolist(), strict=True))
        del rejects[RULE_NAMES[ACCEPTED]]
        return Expected(
            rows_read=read,
            rows_inserted=inserted,
            rows_updated=0,
            rows_stale=losers - duplicates if is_known else None,
            rows_duplicate=duplicates if is_known else None,
            rows_stale_or_duplicate=losers,
            rows_quarantined=read - accepted,
            rejects={rule: count for rule, count in rejects.items() if count},
        )

    def _forget(self, keys: Integers) -> None:
        self._copies[keys] = 0
        self._rivals[keys] = 0

    def _add_newest(self, keys: Integers, facts: Facts) -> None:
        contents = facts["content"]
        is_first = self._copies[keys] == 0
        self._content[keys[is_first]] = contents[is_first]
        is_same = self._content[keys] == contents
        np.add.at(self._copies, keys[is_same], 1)
        rivals = np.where(facts["repeat"][~is_same], _REPEATED_RIVAL, _RIVAL).astype(np.uint8)
        np.maximum.at(self._rivals, keys[~is_same], rivals)
