"""Counts in sentences."""

import pytest

from command_line.counting import counted


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0 books"), (1, "1 book"), (2, "2 books"), (1651, "1,651 books")],
)
def test_one_is_told_in_the_singular_and_thousands_are_separated(number: int, told: str) -> None:
    assert counted(number, "book") == told


def test_a_plural_that_does_not_end_in_s_is_given() -> None:
    assert [counted(number, "shelf", "shelves") for number in (1, 2)] == ["1 shelf", "2 shelves"]
