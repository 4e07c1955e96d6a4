"""When a server wants to be asked again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st

from capture.asking import retry_after


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
    now = datetime(2020, 3, 1, 10, 30, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        assert retry_after(format_datetime(now + timedelta(minutes=10), usegmt=True)) == 600


@given(st.text(max_size=40))
@example("Fri, 31 Dec 99999999999999 23:59:59 GMT")
@example("Fri, 31 Dec 2099 99999999999999999999:59:59 GMT")
@example("31 Dec 99999 23:59:59")
@example("9" * 400)
@example("9" * 5000)
def test_no_header_is_an_error(header: str) -> None:
    assert 0 <= retry_after(header) <= 3600
