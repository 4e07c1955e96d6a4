from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.errors import InvalidExecutionInput
from lambdas.shared.execution_input import analytics_windows, review_window

STARTED = "2020-03-01T10:00:00.123Z"


def test_without_input_the_window_is_the_last_days_before_the_start_of_the_run() -> None:
    assert review_window({}, STARTED, 30) == {
        "start": "2020-01-31 10:00:00.123000",
        "end": "2020-03-01 10:00:00.123000",
    }


def test_a_key_that_step_functions_adds_to_the_input_is_ignored() -> None:
    assert review_window({"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "x"}, STARTED, 1) == {
        "start": "2020-02-29 10:00:00.123000",
        "end": "2020-03-01 10:00:00.123000",
    }


def test_the_days_can_be_said_per_execution() -> None:
    assert review_window({"window_days": 1}, "2020-03-01T00:00:00Z", 30) == {
        "start": "2020-02-29 00:00:00",
        "end": "2020-03-01 00:00:00",
    }


def test_start_and_end_can_be_said_per_execution() -> None:
    given_window = {"window_start": "2020-02-01", "window_end": "2020-03-01"}
    assert review_window(given_window, STARTED, 30) == {
        "start": "2020-02-01 00:00:00",
        "end": "2020-03-01 00:00:00",
    }


def test_an_end_alone_takes_the_days_before_it() -> None:
    assert review_window({"window_end": "2020-02-15"}, STARTED, 14) == {
        "start": "2020-02-01 00:00:00",
        "end": "2020-02-15 00:00:00",
    }


def test_a_start_alone_goes_on_until_the_run() -> None:
    assert review_window({"window_start": "2020-02-15"}, STARTED, 14) == {
        "start": "2020-02-15 00:00:00",
        "end": "2020-03-01 10:00:00.123000",
    }


def test_times_with_a_zone_become_utc() -> None:
    given_window = {"window_start": "2020-02-01T00:00:00-08:00", "window_end": "2020-02-02T00:00:00+01:00"}
    assert review_window(given_window, STARTED, 30) == {
        "start": "2020-02-01 08:00:00",
        "end": "2020-02-01 23:00:00",
    }


@pytest.mark.parametrize(
    ("execution_input", "said"),
    [
        ({"window_start": "yesterday"}, "window_start is 'yesterday'"),
        ({"window_start": None}, "window_start is None"),
        ({"window_end": 20200301}, "window_end is 20200301"),
        ({"window_end": "2020-02-30"}, "window_end is '2020-02-30'"),
        ({"window_end": "0001-01-01T00:00:00+05:00"}, "window_end is '0001-01-01T00:00:00+05:00'"),
        ({"window_end": "0001-01-02"}, "there is no date 30 days before 0001-01-02 00:00:00"),
        ({"window_days": "30"}, "window_days is '30'"),
        ({"window_days": 0}, "window_days is 0"),
        ({"window_days": -1}, "window_days is -1"),
        ({"window_days": 1.5}, "window_days is 1.5"),
        ({"window_days": True}, "window_days is True"),
        ({"window_days": 40_000}, "window_days is 40000"),
        ({"window_start": "2020-03-02"}, "from 2020-03-02 00:00:00 to 2020-03-01 10:00:00.123000 is empty"),
        ({"window_start": "2020-02-01", "window_end": "2020-02-01"}, "is empty"),
        ([], "the input is []"),
        ("2020-02-01", "the input is '2020-02-01'"),
    ],
)
def test_a_value_that_makes_no_window_is_refused_by_name_with_what_to_write(
    execution_input: Any, said: str
) -> None:
    with pytest.raises(InvalidExecutionInput) as refused:
        review_window(execution_input, STARTED, 30)
    assert said in str(refused.value)
    assert 'start the execution with {"window_start": "2020-02-01"' in str(refused.value)


@pytest.mark.slow
@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()),  # noqa: DTZ001
    st.integers(1, 3650),
)
def test_the_window_is_as_long_as_asked_in_every_time_zone(end: datetime, days: int) -> None:
    window = review_window({"window_end": end.isoformat()}, STARTED, days)
    start, until = datetime.fromisoformat(window["start"]), datetime.fromisoformat(window["end"])
    assert until - start == timedelta(days=days)
    assert start.tzinfo is until.tzinfo is None


def test_a_misspelt_key_is_not_taken_for_the_default() -> None:
    with pytest.raises(InvalidExecutionInput, match="the input has window_strat, expected window_start"):
        review_window({"window_strat": "2020-02-01"}, "2020-03-01", 30)


FEBRUARY = {"window_start": "2020-02-01", "window_end": "2020-02-15"}
CURRENT = {"start": "2020-01-31 10:00:00.123000", "end": "2020-03-01 10:00:00.123000"}


def test_a_window_that_ends_before_the_run_starts_is_the_past_and_leaves_the_current_one() -> None:
    past = {"start": "2020-02-01 00:00:00", "end": "2020-02-15 00:00:00"}
    assert analytics_windows(FEBRUARY, STARTED, 30) == {**CURRENT, "past": past}
    assert analytics_windows({**FEBRUARY, "replace_current": True}, STARTED, 30) == past


@pytest.mark.parametrize(
    "given_window",
    [{}, {"window_days": 7}, {"window_start": "2020-02-01"}, {"window_end": "2020-03-01T10:00:00.123"}],
)
def test_a_window_that_reaches_the_start_of_the_run_is_the_current_one(given_window: dict[str, Any]) -> None:
    assert analytics_windows(given_window, STARTED, 30) == review_window(given_window, STARTED, 30)


def test_a_past_window_replaces_the_current_one_only_for_a_flag_that_is_spelt_well() -> None:
    with pytest.raises(InvalidExecutionInput, match="replace_current is 'yes', expected true or false"):
        analytics_windows({**FEBRUARY, "replace_current": "yes"}, STARTED, 30)
    with pytest.raises(InvalidExecutionInput, match="the input has replace, expected replace_current"):
        analytics_windows({**FEBRUARY, "replace": True}, STARTED, 30)
