"""Options of the command line, as values."""

import pytest
import typer

from capture.options import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("7d", 604_800), ("0.05", 0.05), ("12", 12)],
)
def test_a_span_of_time_is_a_number_and_a_unit_or_seconds(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "0", "0s", "-5s", "5x", "nan", "1.2.3", "9" * 400])
def test_what_is_no_span_of_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"is not a span of time; write it like 30s, 5m or 2h$"):
        seconds(text)
