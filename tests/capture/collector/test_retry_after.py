"""When a server wants to be asked again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.collector.retry_after import retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("99999999", 3600),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 2099 23:59:59 GMT", 3600),
        ("Fri, 31 Dec 2099 23:59:59 -0000", 3600),
    ],
)
def test_seconds_and_dates_are_understood_and_nonsense_is_no_wait(header: str | None, seconds: float) -> None:
    assert retry_after(header) == seconds


def test_a_date_soon_is_waited_for() -> None:
    soon = datetime.now(UTC) + timedelta(minutes=10)
    assert 590 < retry_after(format_datetime(soon, usegmt=True)) <= 600


@given(st.text(max_size=40))
def test_no_header_is_an_error(header: str) -> None:
    assert 0 <= retry_after(header) <= 3600
