"""What the publishing transaction does with staged rows, on real SQL: in any order, again, too late."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sql import statements
from tests.sql.staged import Staged, Version

versions = st.builds(Version, st.integers(1, 4), st.integers(0, 3), st.integers(-2, 2))


def test_every_row_of_a_run_is_counted_once_and_under_the_right_name(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0), Version(2, 5, 0), Version(3, 5, 0), Version(4, 5, 0)])
    staged.publish("r1")
    newer, older, repeated, new = Version(1, 6, 0), Version(2, 4, 0), Version(3, 5, 0), Version(5, 5, 0)
    superseded_in_the_run, twice_in_the_run = Version(1, 5, 9), Version(5, 5, 0)
    staged.stage(
        "r2",
        [newer, older, repeated, new, superseded_in_the_run, twice_in_the_run],
        token=2,
        quarantined=7,
    )
    assert staged.publish("r2") == {
        "rows_read": 13,
        "rows_inserted": 1,
        "rows_updated": 1,
        "rows_stale": 2,
        "rows_duplicate": 2,
        "rows_quarantined": 7,
    }


@pytest.mark.slow
def test_of_two_versions_with_the_same_timestamp_one_wins_whatever_comes_first(staged: Staged) -> None:
    """The original keeps both rows of a tie."""
    for order in ([1, 2], [2, 1]):
        staged.empty()
        for run, digest in enumerate(order, 1):
            staged.stage(f"r{run}", [Version(7, 5, digest)], token=run)
            staged.publish(f"r{run}")
        assert staged.authors() == [(7, "author 7 of 2", "2020-02-19 05:00:00", 2)]


def test_publishing_twice_changes_nothing(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0), Version(1, 4, 0)], files={"author.csv": '"e1"'})
    staged.publish("r1")
    before = (staged.authors(), staged.ledger(), staged.files())
    staged.publish("r1")
    assert (staged.authors(), staged.ledger(), staged.files()) == before


@pytest.mark.slow
def test_a_row_names_the_run_that_published_its_version_and_none_that_lost(staged: Staged) -> None:
    first, second = Version(1, 5, 0), Version(2, 5, 0)
    deliveries = {"r1": [first, second], "r2": [Version(1, 6, 0), Version(2, 4, 0)], "r3": [Version(1, 6, 0)]}
    for token, (run, versions) in enumerate(deliveries.items(), 1):
        staged.stage(run, versions, token=token)
        staged.publish(run)
    named = staged.session.rows(
        "select author_id, run_id from goodreads_warehouse.authors order by author_id"
    )
    assert named == [(1, "r2"), (2, "r1")]


def test_a_run_whose_file_another_run_has_published_meanwhile_publishes_nothing(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0)], files={"author.csv": '"e1"', "other.csv": '"e2"'})
    staged.publish("r1")
    before = (staged.authors(), staged.ledger(), staged.files())
    staged.stage("r2", [Version(2, 5, 0)], token=2, files={"new.csv": '"e3"', "author.csv": '"e1"'})
    assert "every_file_is_counted_once" in staged.refused("r2")
    assert (staged.authors(), staged.ledger(), staged.files()) == before


def test_the_same_name_with_other_content_and_the_same_content_under_another_name_are_new_files(
    staged: Staged,
) -> None:
    staged.stage("r1", files={"author.csv": '"e1"'})
    staged.publish("r1")
    staged.stage("r2", token=2, files={"author.csv": '"e2"', "authors/again.csv": '"e1"'})
    staged.publish("r2")
    assert staged.files() == [("author.csv", "r1"), ("author.csv", "r2"), ("authors/again.csv", "r2")]


def test_only_rows_newer_than_the_warehouse_are_merged(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0), Version(2, 5, 0), Version(3, 5, 0), Version(4, 5, 0)])
    staged.publish("r1")
    newer, tie_won, same, older, new = (
        Version(1, 6, -1),
        Version(2, 5, 1),
        Version(3, 5, 0),
        Version(4, 4, 9),
        Version(5, 1, 0),
    )
    staged.stage("r2", [newer, tie_won, same, older, new], token=2)
    staged.publish("r2")
    assert staged.session.rows("select author_id from goodreads_staging.authors order by 1") == [
        (1,),
        (2,),
        (5,),
    ]


def test_each_dataset_of_each_run_has_one_line_in_the_ledger(staged: Staged) -> None:
    for token, run in enumerate(("r1", "r2"), 1):
        staged.stage(run, [Version(token, 5, 0)], token=token, quarantined=token)
        staged.publish(run)
        lines = staged.session.rows(statements.read_ledger(), run_id=run)
        assert lines == [
            (run, "authors", token + 1, 1, 0, 0, 0, token, None),
            *((run, dataset, 0, 0, 0, 0, 0, 0, None) for dataset in ("books", "reviews", "users")),
        ]


def test_the_lines_of_a_run_tell_the_rows_of_each_file_that_could_be_used(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0)], files={"a/author.csv": '"e1"', "author.csv": '"e2"'})
    staged.session.run(
        "update goodreads_staging.files set rows_read = 7, rows_quarantined = 2 where file_key = 'a/author.csv'",
        "update goodreads_staging.files set dataset = null where file_key = 'author.csv'",
    )
    staged.publish("r1")
    lines = staged.session.rows(statements.read_ledger(), run_id="r1")
    assert [line for line in lines if line[-1]] == [("r1", "authors", 7, 0, 0, 0, 0, 2, "a/author.csv")]


def test_a_holder_with_an_older_fencing_token_publishes_nothing(staged: Staged) -> None:
    for token in (1, 3):
        staged.stage(f"r{token}", [Version(1, 5, 0)], token=token)
        staged.publish(f"r{token}")
    staged.stage("r2", [Version(1, 6, 0)], token=2)
    assert "the_lease_is_still_held" in staged.refused("r2")
    assert sorted(staged.ledger()) == ["r1", "r3"]


def test_a_run_publishes_no_files_of_another_run(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0)], files={"author.csv": '"e1"'})
    staged.session.run("update goodreads_staging.files set run_id = 'r2'")
    assert "every_file_is_counted_once" in staged.refused("r1")
    assert (staged.authors(), staged.ledger(), staged.files()) == ([], {}, [])


def test_what_another_run_has_staged_is_not_published(staged: Staged) -> None:
    staged.stage("r2", [Version(1, 5, 0)], files={"author.csv": '"e1"'})
    assert "the_lease_is_still_held" in staged.refused("r1")
    assert (staged.authors(), staged.ledger(), staged.files()) == ([], {}, [])


def test_rows_that_do_not_add_up_are_not_published(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0)])
    staged.session.run("delete from goodreads_staging.authors")
    assert "every_row_is_accounted_for" in staged.refused("r1")
    assert staged.authors() == []


@pytest.mark.slow
@settings(max_examples=15)
@given(st.data())
def test_the_same_versions_in_any_order_split_into_any_runs_give_the_same_warehouse(
    staged: Staged, data: st.DataObject
) -> None:
    delivered = data.draw(st.lists(versions, min_size=1, max_size=12), label="versions")
    expected = [
        (version.author, f"author {version.author} of {version.digest}", version.captured, version.digest)
        for version in {version.author: version for version in sorted(delivered)}.values()
    ]
    staged.empty()
    again = data.draw(st.lists(st.sampled_from(delivered), max_size=4), label="delivered again")
    shuffled = data.draw(st.permutations(delivered + again), label="order")
    number = 0
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)), label="versions of the next run")
        number += 1
        staged.stage(f"r{number}", shuffled[:size], token=number)
        counts = staged.publish(f"r{number}")
        assert counts["rows_read"] == size == sum(counts.values()) - size
        shuffled = shuffled[size:]

    found = [
        (author, name, int(captured[11:13]), digest) for author, name, captured, digest in staged.authors()
    ]
    assert found == sorted(expected)
    assert sum(counts["rows_inserted"] for counts in staged.ledger().values()) == len(expected)
