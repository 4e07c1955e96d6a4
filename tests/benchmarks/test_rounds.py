"""Turns and ratios."""

import pytest

from benchmarks.measure import Usage
from benchmarks.rounds import Ratio, in_turns, median_usage, time_ratio


def seconds(*each: float) -> list[Usage]:
    return [Usage(one, 0.0, 0) for one in each]


def test_every_contestant_has_its_turn_in_each_round() -> None:
    turns: list[str] = []

    def contestant(name: str) -> Usage:
        turns.append(name)
        return Usage(len(turns), 0.0, 0)

    used = in_turns({"a": lambda: contestant("a"), "b": lambda: contestant("b")}, runs=2)

    assert turns == ["a", "b", "a", "b"]
    assert used == {"a": seconds(1, 3), "b": seconds(2, 4)}


def test_a_ratio_is_formed_within_each_round() -> None:
    assert time_ratio(seconds(20, 30, 80), seconds(10, 10, 20)) == Ratio(3.0, 2.0, 4.0)


def test_rounds_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        time_ratio(seconds(1, 2), seconds(1))


def test_each_figure_has_a_median_of_its_own() -> None:
    used = [Usage(1.0, 30.0, 200), Usage(2.0, 10.0, 300), Usage(3.0, 20.0, 100)]

    assert median_usage(used) == Usage(2.0, 20.0, 200)
