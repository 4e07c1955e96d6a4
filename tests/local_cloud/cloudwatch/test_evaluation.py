"""The states that follow from data points: the guide's own tables, and what holds for all alarms."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.cloudwatch.evaluation import COMPARISONS, MISSING_DATA, Point, Rule

START = datetime(2026, 2, 28, 23, 50, tzinfo=UTC)
KEPT = "keeps its state"
Kind = Literal["0", "X", "-"]


def rule(to_alarm: int, periods: int, missing: str = "missing") -> Rule:
    return Rule(
        comparison="GreaterThanThreshold", threshold=0, periods=periods, to_alarm=to_alarm, missing=missing
    )


def points(kinds: Sequence[str]) -> list[Point | None]:
    """`X` breaches, `0` does not, `-` is missing; the oldest first."""
    return [
        None if kind == "-" else Point(START + number * timedelta(minutes=5), float(kind == "X"))
        for number, kind in enumerate(kinds)
    ]


def state(rule: Rule, kinds: Sequence[str]) -> str:
    verdict = rule.verdict(points(kinds))
    return verdict.state if verdict else KEPT


# "Configuring how CloudWatch alarms treat missing data" in the CloudWatch User Guide: missing, ignore, breaching, notBreaching
THREE_OF_THREE = {
    "0 - X - X": ("OK", "OK", "OK", "OK"),
    "0 - - - -": ("OK", "OK", "OK", "OK"),
    "- - - - -": ("INSUFFICIENT_DATA", KEPT, "ALARM", "OK"),
    "0 X X - X": ("ALARM", "ALARM", "ALARM", "ALARM"),
    "- - X - -": ("ALARM", KEPT, "ALARM", "OK"),
    "- - - - X": ("INSUFFICIENT_DATA", KEPT, "ALARM", "OK"),
}
TWO_OF_THREE = {
    "0 - X - X": ("ALARM", "ALARM", "ALARM", "ALARM"),
    "0 0 X 0 X": ("ALARM", "ALARM", "ALARM", "ALARM"),
    "0 - X - -": ("OK", "OK", "ALARM", "OK"),
    "- - - - 0": ("OK", "OK", "ALARM", "OK"),
    "- - - X -": ("ALARM", KEPT, "ALARM", "OK"),
}


@pytest.mark.parametrize(
    ("to_alarm", "kinds", "states"),
    [
        *((3, kinds, states) for kinds, states in THREE_OF_THREE.items()),
        *((2, kinds, states) for kinds, states in TWO_OF_THREE.items()),
    ],
)
def test_missing_data_is_treated_as_the_guide_shows(
    to_alarm: int, kinds: str, states: tuple[str, ...]
) -> None:
    assert rule(to_alarm, 3).range == 5
    found = tuple(state(rule(to_alarm, 3, missing), kinds.split()) for missing in MISSING_DATA)
    assert found == states


rules = st.integers(1, 6).flatmap(
    lambda periods: st.builds(
        rule,
        to_alarm=st.integers(1, periods),
        periods=st.just(periods),
        missing=st.sampled_from(MISSING_DATA),
    )
)


@given(rule=rules, data=st.data())
def test_where_nothing_is_missing_m_of_the_newest_n_decide(rule: Rule, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from("0X"), min_size=rule.range, max_size=rule.range))
    rings = kinds[-rule.periods :].count("X") >= rule.to_alarm
    assert state(rule, kinds) == ("ALARM" if rings else "OK")


@given(rule=rules, data=st.data())
def test_one_more_breaching_point_never_ends_an_alarm(rule: Rule, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from("0X-"), min_size=rule.range, max_size=rule.range))
    better = [number for number, kind in enumerate(kinds) if kind == "0"]
    if state(rule, kinds) == "ALARM" and better:
        kinds[data.draw(st.sampled_from(better))] = "X"
        assert state(rule, kinds) == "ALARM"


@given(rule=rules, data=st.data())
def test_missing_points_count_only_where_real_ones_are_too_few(rule: Rule, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from("0X-"), min_size=rule.range, max_size=rule.range))
    real = [kind for kind in kinds if kind != "-"]
    if len(real) >= rule.periods:
        assert state(rule, kinds) == state(rule, real[-rule.periods :])
    elif rule.missing == "breaching":
        assert state(rule, kinds) == state(rule, [*real, *"X" * (rule.periods - len(real))])
    elif rule.missing == "notBreaching":
        assert state(rule, kinds) == state(rule, [*real, *"0" * (rule.periods - len(real))])


@given(rule=rules)
def test_silence_is_what_the_alarm_says_that_it_is(rule: Rule) -> None:
    silence = {"missing": "INSUFFICIENT_DATA", "ignore": KEPT, "breaching": "ALARM", "notBreaching": "OK"}
    assert state(rule, "-" * rule.range) == silence[rule.missing]


@pytest.mark.parametrize(
    ("comparison", "beyond"),
    [
        ("GreaterThanThreshold", {3}),
        ("GreaterThanOrEqualToThreshold", {2, 3}),
        ("LessThanThreshold", {1}),
        ("LessThanOrEqualToThreshold", {1, 2}),
    ],
)
def test_a_threshold_itself_is_beyond_only_where_the_operator_says_so(
    comparison: str, beyond: set[int]
) -> None:
    assert comparison in COMPARISONS
    compared = Rule(comparison=comparison, threshold=2, periods=1, to_alarm=1, missing="missing")
    assert {value for value in (1, 2, 3) if compared.breaches(Point(START, value))} == beyond


REASONS = [
    (
        rule(1, 1),
        "00X",
        (
            "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/03/26 00:00:00)] was greater than the threshold (0) "
            "(minimum 1 datapoint for OK -> ALARM transition)."
        ),
    ),
    (
        rule(2, 3),
        "00X0X",
        (
            "Threshold Crossed: 2 out of the last 3 datapoints [1.0 (01/03/26 00:10:00), 1.0 (01/03/26 00:00:00)] were greater "
            "than the threshold (0) (minimum 2 datapoints for OK -> ALARM transition)."
        ),
    ),
    (
        rule(3, 3),
        "XXX00",
        (
            "Threshold Crossed: 2 out of the last 3 datapoints [0.0 (01/03/26 00:10:00), 0.0 (01/03/26 00:05:00)] were not greater "
            "than the threshold (0) (minimum 1 datapoint for ALARM -> OK transition)."
        ),
    ),
    (
        rule(1, 1, "breaching"),
        "---",
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching].",
    ),
    (
        rule(3, 3, "notBreaching"),
        "-----",
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [NonBreaching].",
    ),
    (
        rule(3, 3, "breaching"),
        "----X",
        (
            "Threshold Crossed: 1 datapoint [1.0 (01/03/26 00:10:00)] was greater than the threshold (0) and 2 missing datapoints "
            "were treated as [Breaching]."
        ),
    ),
    (rule(1, 1), "---", "Insufficient Data: 1 datapoint was unknown."),
    (rule(3, 3), "-----", "Insufficient Data: 3 datapoints were unknown."),
]


@pytest.mark.parametrize(("rule", "kinds", "reason"), REASONS)
def test_a_reason_names_the_points_that_decided(rule: Rule, kinds: str, reason: str) -> None:
    verdict = rule.verdict(points(kinds))
    assert verdict
    assert verdict.reason == reason
