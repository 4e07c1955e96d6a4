"""Options of the command line, as values."""

from datetime import UTC, datetime

import pytest
import typer

from capture.options import captured_at, seconds


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


NOW = datetime(2024, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2024-01-01T10:00:00+02:00", "2024-01-01 08:00:00"),
        ("2024-01-01T22:30:00-05:00", "2024-01-02 03:30:00"),
        ("2024-01-01T10:00:00Z", "2024-01-01 10:00:00"),
        ("2024-01-01T10:00:00", "2024-01-01 10:00:00"),
        ("2024-01-01", "2024-01-01 00:00:00"),
    ],
)
def test_a_moment_with_an_offset_is_told_in_utc(given: str, moment: str) -> None:
    found = captured_at(datetime.fromisoformat(given), NOW)
    assert found == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert found.tzinfo == UTC


@pytest.mark.parametrize("given", ["2024-03-04", "1899-12-31T23:59:59Z", "0001-01-01T00:00:00+02:00"])
def test_a_moment_that_the_pipeline_would_reject_is_refused(given: str) -> None:
    with pytest.raises(
        typer.BadParameter, match=f"reject every record of {given[:10]}.* from 1900-01-01 to 2024-03-03"
    ):
        captured_at(datetime.fromisoformat(given), NOW)
