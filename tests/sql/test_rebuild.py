"""A table that is emptied and taken out of the ledger, and filled again from the same files."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import AUTHORS
from contract.ledger import ROWS
from sql import checks, statements
from tests.sql.engine import Result, checked
from tests.sql.staged import Staged, Version

versions = st.lists(st.builds(Version, st.integers(1, 4), st.integers(0, 3), st.integers(-2, 2)), max_size=6)
DAMAGES = (
    "drop table {}",
    "delete from {}",
    "delete from {} where author_id < 3",
    "update {} set name = 'x'",
)


def rebuild(staged: Staged, name: str = "rebuild-1") -> None:
    staged.session.run(*statements.rebuild(AUTHORS), rebuild=name)


def files(staged: Staged) -> list[tuple[Any, ...]]:
    """Run, key, ETag, size and rows of each file of the authors."""
    return staged.session.rows(statements.files_of(AUTHORS))


def to_land(staged: Staged) -> list[tuple[Any, ...]]:
    return staged.session.rows("select run_id, file_key from goodreads_warehouse.files_to_land order by 1, 2")


def violated(staged: Staged) -> list[Result]:
    """The checks of the warehouse that are violated."""
    return [
        result
        for result in checked(staged.session, checks.warehouse_checks())
        if result.severity == "block" and result.violations != 0
    ]


def publish(staged: Staged, runs: Sequence[Sequence[Version]], *, first: int = 1) -> None:
    for number, rows in enumerate(runs, first):
        staged.stage(f"r{number}", rows, token=number, files={f"authors/{number}.csv": '"e"'})
        staged.publish(f"r{number}")


@pytest.mark.slow
@settings(max_examples=8)
@given(
    st.lists(versions, min_size=1, max_size=4), st.sampled_from(DAMAGES), st.randoms(use_true_random=False)
)
def test_a_damaged_table_that_is_rebuilt_from_its_files_in_any_order_is_the_same_row_by_row(
    staged: Staged, runs: list[list[Version]], damage: str, order: Any
) -> None:
    staged.empty()
    publish(staged, runs)
    before = staged.authors()
    staged.session.run(damage.format("goodreads_warehouse.authors"))

    rebuild(staged)

    assert (staged.authors(), violated(staged)) == ([], [])
    assert to_land(staged) == [(f"r{n}", f"authors/{n}.csv") for n in range(1, len(runs) + 1)]
    order.shuffle(runs)
    publish(staged, runs, first=len(runs) + 1)
    assert (staged.authors(), violated(staged)) == (before, [])


def test_a_rebuild_adds_a_line_that_cancels_the_counts_of_the_table_and_keeps_the_other_lines(
    staged: Staged,
) -> None:
    staged.stage("r1", [Version(1, 5, 0), Version(1, 4, 0), Version(2, 5, 0)], quarantined=3)
    staged.publish("r1")
    before = staged.ledger()["r1"]
    staged.session.run(
        "update goodreads_warehouse.ledger set rows_read = 4, rows_duplicate = 4 where dataset = 'books'"
    )
    rebuild(staged)
    assert staged.ledger() == {"r1": before, "rebuild-1": {name: -before[name] for name in ROWS}}
    (others,) = staged.session.rows(
        "select count(*) from goodreads_warehouse.ledger where dataset <> 'authors'"
    )
    assert others == (3,)


def test_rebuilding_twice_changes_nothing(staged: Staged) -> None:
    publish(staged, [[Version(1, 5, 0)]])
    rebuild(staged)
    before = (staged.ledger(), files(staged))
    rebuild(staged, "rebuild-2")
    assert (staged.ledger(), files(staged)) == before
    assert to_land(staged) == [("r1", "authors/1.csv")]


@pytest.mark.slow
def test_a_table_can_be_rebuilt_that_was_rebuilt_before(staged: Staged) -> None:
    publish(staged, [[Version(1, 5, 0), Version(2, 5, 0)]])
    rebuild(staged)
    staged.session.run(statements.landed_again(AUTHORS, ["run"]), run="r1")
    publish(staged, [[Version(1, 5, 0), Version(2, 5, 0)]], first=2)
    rebuild(staged, "rebuild-2")
    assert (staged.authors(), violated(staged)) == ([], [])
    assert to_land(staged) == [("r2", "authors/2.csv")]


def test_a_holder_with_an_older_fencing_token_publishes_nothing_after_a_rebuild(staged: Staged) -> None:
    publish(staged, [[Version(1, 5, 0)], [Version(2, 5, 0)]])
    rebuild(staged)
    staged.stage("old", [Version(3, 5, 0)], token=1, files={"old.csv": '"e"'})
    assert "the_lease_is_still_held" in staged.refused("old")


@pytest.mark.slow
def test_a_file_that_was_landed_by_hand_and_published_has_not_to_be_landed_again(staged: Staged) -> None:
    publish(staged, [[Version(1, 5, 0)], [Version(2, 5, 0)]])
    rebuild(staged)
    staged.stage("by-hand", [Version(1, 5, 0)], token=3, files={"authors/1.csv": '"e"'})
    staged.publish("by-hand")
    rebuild(staged, "rebuild-2")
    assert to_land(staged) == [("by-hand", "authors/1.csv"), ("r2", "authors/2.csv")]


@pytest.mark.slow
def test_only_the_runs_whose_files_are_landed_again_leave_the_list(staged: Staged) -> None:
    publish(staged, [[Version(1, 5, 0)], [Version(2, 5, 0)], [Version(3, 5, 0)]])
    rebuild(staged)
    landed: Mapping[str, str] = {"run_0": "r1", "run_1": "r3"}
    staged.session.run(statements.landed_again(AUTHORS, landed), **landed)
    assert to_land(staged) == [("r2", "authors/2.csv")]


@pytest.mark.parametrize("where", ["the ledger", "the list of files to land"])
def test_the_files_of_a_table_are_told_whether_a_rebuild_has_begun_or_not(staged: Staged, where: str) -> None:
    publish(staged, [[Version(1, 5, 0)]])
    if where != "the ledger":
        rebuild(staged)
    assert files(staged) == [("r1", "authors/1.csv", '"e"', 1, 0)]
