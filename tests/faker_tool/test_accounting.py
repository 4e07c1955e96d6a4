"""The expected accounting of records, in any order and any batches."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faker_tool.accounting import FACT, Facts, Tally

Record = tuple[int, int, int]
"""Key, version and content."""

records = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 2), st.integers(0, 2)), max_size=14)


def facts_of(records: Sequence[Record]) -> Facts:
    facts = np.zeros(len(records), FACT)
    for place, (key, version, content) in enumerate(records):
        facts[place] = (key, version, content, records[place] in records[:place], 0)
    return facts


def stale_and_duplicate(records: Sequence[Record]) -> tuple[int, int] | None:
    """Worked out key by key; None where it depends on which of several contents wins."""
    duplicate = 0
    for key in {key for key, _, _ in records}:
        newest = max(version for other, version, _ in records if other == key)
        copies = Counter(record for record in records if record[:2] == (key, newest)).values()
        if len(copies) > 1 and max(copies) > 1:
            return None
        duplicate += max(copies) - 1
    return len(records) - len({key for key, _, _ in records}) - duplicate, duplicate


@given(records, st.lists(st.integers(0, 14), max_size=3).map(sorted))
def test_records_are_counted_as_one_by_one_whatever_the_batches(
    records: list[Record], cuts: list[int]
) -> None:
    tally, facts = Tally(3), facts_of(records)
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        tally.add(facts[start:end])

    expected = tally.expected()
    known = (expected.rows_stale, expected.rows_duplicate)
    assert (known if None not in known else None) == stale_and_duplicate(records)
    assert expected.rows_read == len(records)
    assert expected.rows_inserted == len({key for key, _, _ in records})
    assert expected.rows_stale_or_duplicate == len(records) - expected.rows_inserted


@pytest.mark.parametrize("contents", [(1, 1, 2), (2, 1, 1), (1, 2, 1)])
def test_which_of_two_contents_of_one_moment_wins_is_not_guessed(contents: tuple[int, ...]) -> None:
    tally = Tally(0)

    tally.add(facts_of([(0, 5, content) for content in contents]))

    expected = tally.expected()
    assert (expected.rows_stale, expected.rows_duplicate) == (None, None)
    assert (expected.rows_inserted, expected.rows_stale_or_duplicate) == (1, 2)


def test_rejected_records_count_by_rule_only() -> None:
    facts = facts_of([(0, 1, 1), (1, 1, 2), (1, 2, 3)])
    facts["rule"] = [0, 5, 7]
    tally = Tally(3)

    tally.add(facts)

    expected = tally.expected()
    assert (expected.rows_read, expected.rows_inserted, expected.rows_quarantined) == (3, 1, 2)
    assert expected.rejects == {"type": 1, "too_long": 1}
