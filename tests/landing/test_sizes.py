"""Sizes as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landing.sizes import size_in_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500kB", 500_000),
        ("11.4GB", 11_400_000_000),
        ("1.2TB", 1_200_000_000_000),
        (" 100 mb ", 100_000_000),
        ("64MiB", 64 * 1024**2),
        ("1", 1),
    ],
)
def test_a_size_is_a_number_and_a_unit_of_a_thousand_or_1024(text: str, size: int) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "0", "-5MB", "0.2", "1GBx", "plenty", "MB"])
def test_what_is_no_size_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a size; write it like 500kB, 100MB or 11\.4GB$") as told:
        size_in_bytes(text)
    assert str(told.value).startswith(repr(text))


@given(st.text(max_size=20))
def test_any_text_is_a_size_or_is_refused(text: str) -> None:
    try:
        assert size_in_bytes(text) > 0
    except ValueError as error:
        assert "is not a size" in str(error)  # noqa: PT017 - most texts are none
