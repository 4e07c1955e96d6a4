"""Texts of the product's own fit where they are written, whatever a person has typed into names and headers."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from contract.ledger import FILES, problem_told
from contract.texts import fitting

LEAST = 3  # the bytes of the sign that says a text was cut


@given(st.text(max_size=100), st.integers(LEAST, 200))
@example("\U0001f4da" * 600, 2048)
@example("\ud800", LEAST)
def test_a_text_fits_in_bytes_and_stays_text(text: str, most: int) -> None:
    told = fitting(text, most)
    assert len(told.encode()) <= most
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in told)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=100), st.integers(LEAST, 200))
def test_a_text_that_fits_is_kept_and_a_longer_one_begins_the_same_and_says_that_it_was_cut(
    text: str, most: int
) -> None:
    told = fitting(text, most)
    if len(text.encode()) <= most:
        assert told == text
    else:
        assert told.endswith("\u2026")
        assert text.startswith(told[:-1])
        assert len(told.encode()) > most - 4  # no room for one more character of four bytes


def test_a_problem_is_as_wide_as_its_column() -> None:
    (column,) = (column for column in FILES.columns if column.name == "problem")
    told = problem_told("\U0001f4da" * 5000)
    assert told is not None
    assert (column.max_bytes or 0) - 4 < len(told.encode()) <= (column.max_bytes or 0)
    assert problem_told(None) is None
