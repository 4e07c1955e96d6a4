"""The list of runs as data, and what a page's script element holds."""

import json
from itertools import permutations
from typing import Any, NamedTuple, cast

from report.document import Document
from report.index import with_run
from report.page import in_script
from tests.report.examples import clean


def test_runs_that_started_in_the_same_moment_have_one_order_whichever_ended_first() -> None:
    made = [cast("Document", {**clean(), "run_id": f"r{number}"}) for number in range(3)]
    for ended in permutations(made):
        runs: list[Any] = []
        for each in ended:
            runs = with_run(runs, each)
        assert [run["run_id"] for run in runs] == ["r2", "r1", "r0"]


class Pair(NamedTuple):
    """A tuple with names, as rows of some libraries are."""

    key: int
    number: int


def test_a_great_integer_in_a_tuple_is_a_text_as_in_a_list() -> None:
    great = 2**53 + 1
    assert json.loads(in_script({"a": [great], "b": (great, 1), "c": Pair(great, 1)})) == {
        "a": [str(great)],
        "b": [str(great), 1],
        "c": [str(great), 1],
    }
