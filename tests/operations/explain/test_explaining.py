"""`explain` on deliveries: each record of a key, what became of it, and what is no longer known."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import AUTHORS, REVIEWS, USERS, Dataset
from contract.keys import dataset_folder, file_name
from contract.ledger import subject_of
from operations.explain.display import document
from operations.explain.history import Judged, Version
from sql import forgetting, statements
from tests.e2e.records import NOON
from tests.operations.explain.delivered import Author, Delivered
from tests.sql.staged import Staged

KEYS = (1, 2)
OUTCOMES = ("inserted", "updated", "stale", "duplicate")
Told = tuple[str, int, str | None]
"""Run and number of a record, and what became of it."""

authors = st.builds(
    Author,
    st.sampled_from(KEYS),
    st.integers(1, 3),
    st.sampled_from(["Ann", "Bob"]),
    st.sampled_from([False] * 4 + [True]),
)


def told(records: Sequence[Judged]) -> list[Told]:
    return [(each.run_id, each.record, each.outcome) for each in records]


def rows_of(records: Sequence[Judged]) -> list[tuple[str, int]]:
    """The records that are the row: one, or none."""
    return [(each.run_id, each.record) for each in records if each.is_row]


@pytest.mark.slow
def test_the_record_that_made_the_row_is_named_with_all_that_lost(delivered: Delivered) -> None:
    first, late, newer = Author(1, 5, "Ann"), Author(1, 4, "An"), Author(1, 6, "Anna")
    delivered.deliver([Author(2, 5, "Bob"), first, late])
    delivered.deliver([late, first])
    delivered.deliver([first, newer, newer, Author(1, 7, "Annabel", is_bad=True)])

    found = delivered.explained(1)

    assert told(found.records) == [
        ("r1", 2, "inserted"),
        ("r1", 3, "stale"),
        ("r2", 1, "stale"),
        ("r2", 2, "duplicate"),
        ("r3", 1, "stale"),
        ("r3", 2, "updated"),
        ("r3", 3, "duplicate"),
    ]
    assert rows_of(found.records) == [("r3", 2)]
    assert [each.superseded_by for each in found.records] == ["r3", *[None] * 6]
    assert [(each.run_id, each.record, each.rules) for each in found.rejects] == [
        ("r3", 4, (("average_rating", "type"),))
    ]
    assert found.unknown == ()


def outcomes(deliveries: dict[str, list[Author]], key: int, hashes: dict[str, int]) -> list[Told]:
    """What becomes of each good record of a key, by the rules of the design in plain Python; `hashes` are by content."""
    held: Version | None = None
    found: list[Told] = []
    for run, delivery in deliveries.items():
        mine = [
            (number, Version(each.captured, hashes[repr(each)]))
            for number, each in enumerate(delivery, 1)
            if each.key == key and not each.is_bad
        ]
        winner = max((version for _, version in mine), default=None)
        for number, version in mine:
            if version != winner or (held and version < held):
                found.append((run, number, "stale"))
            elif held == version:
                found.append((run, number, "duplicate"))
            else:
                found.append((run, number, "updated" if held else "inserted"))
                held = version
    return found


@pytest.mark.slow
@settings(max_examples=10)
@given(st.lists(st.lists(authors, min_size=1, max_size=5), min_size=1, max_size=4))
def test_each_record_is_told_as_plain_python_and_the_ledger_count_it(
    delivered: Delivered, drawn: list[list[Author]]
) -> None:
    """Versions come in every order, split into runs in every way."""
    delivered.empty()
    deliveries = {delivered.deliver(delivery): delivery for delivery in drawn}
    held = dict(delivered.session.rows("select author_id, run_id from goodreads_warehouse.authors"))
    counted = Counter[tuple[str, str | None]]()
    for key in KEYS:
        found = delivered.explained(key)
        hashes = {
            repr(deliveries[each.run_id][each.record - 1]): each.version.record_hash for each in found.records
        }
        assert len(set(hashes.values())) == len(hashes)
        expected = outcomes(deliveries, key, hashes)
        assert told(found.records) == expected
        made = [(run, number) for run, number, outcome in expected if outcome in ("inserted", "updated")]
        assert rows_of(found.records) == made[-1:]
        assert [run for run, _ in made[-1:]] == ([held[key]] if key in held else [])
        assert [(each.run_id, each.record) for each in found.rejects] == [
            (run, number)
            for run, delivery in deliveries.items()
            for number, each in enumerate(delivery, 1)
            if each.key == key and each.is_bad
        ]
        counted.update((run, outcome) for run, _, outcome in expected)
    ledger = Staged(delivered.session).ledger()
    assert {(run, outcome): ledger[run][f"rows_{outcome}"] for run in deliveries for outcome in OUTCOMES} == {
        (run, outcome): counted[run, outcome] for run in deliveries for outcome in OUTCOMES
    }


@pytest.mark.slow
def test_an_id_that_nobody_delivered_is_told_with_what_was_looked_at(delivered: Delivered) -> None:
    delivered.deliver([Author(1, 5, "Ann")])
    found = delivered.explained(9)
    assert (found.row, found.records, found.rejects, found.unknown) == (None, (), (), ())
    assert (found.looked_at.files, found.looked_at.runs) == (1, 1)
    assert found.looked_at.bytes > 0


@pytest.mark.slow
def test_what_a_file_said_that_the_archive_holds_no_longer_is_not_known(delivered: Delivered) -> None:
    for hour in (5, 6):
        delivered.deliver([Author(1, hour, "Ann"), Author(1, 1, "Ann")])
    key = dataset_folder("r1", "authors") + file_name(0, "authors.csv")
    delivered.zones.s3.delete_object(Bucket=delivered.zones.working, Key=key)

    found = delivered.explained(1)

    assert told(found.records) == [("r2", 1, None), ("r2", 2, "stale")]
    assert rows_of(found.records) == [("r2", 1)]
    assert found.unknown == ("what authors.csv of run r1 says: the archive holds it no longer",)


@pytest.mark.slow
def test_the_run_that_made_the_row_is_read_first_and_no_more_than_asked_for(delivered: Delivered) -> None:
    for hour in (5, 7, 6):
        delivered.deliver([Author(1, hour, "Ann")])
    found = delivered.explained(1, most=1)  # the ledger says that each file has one byte
    assert told(found.records) == [("r2", 1, None)]
    assert rows_of(found.records) == [("r2", 1)]
    assert found.looked_at.files_passed_over == 2
    (unknown,) = found.unknown
    assert unknown.startswith("what 2 files of other runs say")
    assert told(delivered.explained(1, most=2).records) == [("r2", 1, None), ("r3", 1, "stale")]


@pytest.mark.slow
def test_a_row_from_before_rows_named_their_runs_is_found_by_its_version(delivered: Delivered) -> None:
    delivered.deliver([Author(1, 5, "Ann")])
    delivered.deliver([Author(1, 6, "Ann")])
    delivered.session.run("update goodreads_warehouse.authors set run_id = null")
    found = delivered.explained(1)
    assert rows_of(found.records) == [("r2", 1)]
    assert found.unknown == (
        "which run published the row: the row is older than the column that names its run",
    )


@pytest.mark.slow
def test_a_row_that_was_changed_by_hand_has_no_record_that_made_it(delivered: Delivered) -> None:
    delivered.deliver([Author(1, 5, "Ann")])
    delivered.session.run("update goodreads_warehouse.authors set record_hash = 1")
    assert rows_of(delivered.explained(1).records) == []


@pytest.mark.slow
def test_a_row_that_was_deleted_by_hand_and_delivered_again_is_of_the_later_run(delivered: Delivered) -> None:
    delivered.deliver([Author(1, 5, "Ann")])
    delivered.session.run("delete from goodreads_warehouse.authors")
    delivered.deliver([Author(1, 5, "Ann")])
    assert rows_of(delivered.explained(1).records) == [("r2", 1)]


@pytest.mark.slow
def test_after_a_rebuild_the_row_is_of_the_run_that_loaded_it_again(delivered: Delivered) -> None:
    versions = [Author(1, 5, "Ann"), Author(1, 6, "Ann")]
    for each in versions:
        delivered.deliver([each])
    delivered.session.run(*statements.rebuild(AUTHORS), rebuild="rebuild-authors-now")
    waiting = delivered.explained(1)
    assert waiting.row is None
    assert len(waiting.records) == 2
    delivered.session.run("delete from goodreads_warehouse.files_to_land")
    delivered.deliver(versions)

    found = delivered.explained(1)

    assert told(found.records) == [("r3", 1, "stale"), ("r3", 2, "inserted")]
    assert rows_of(found.records) == [("r3", 2)]


def forget(delivered: Delivered, dataset: Dataset, key: int) -> None:
    """As `pipeline forget --also-later` does in the warehouse; the zones keep their copies."""
    batch = forgetting.forget(dataset, set(), also_later=True)
    delivered.session.run(*batch, id=str(key), subject=subject_of(dataset.name, key))


def user(key: int) -> dict[str, str]:
    return {"user_id": str(key), "user_name": "a name", "record_create_timestamp": NOON}


def review(key: int, writer: int) -> dict[str, str]:
    fields = {"review_id": str(key), "user_id": str(writer), "book_id": "3"}
    return {**fields, "review_text": "words", "record_create_timestamp": NOON}


@pytest.mark.slow
def test_of_a_person_who_was_forgotten_nothing_else_is_told(delivered: Delivered) -> None:
    delivered.deliver_fields(USERS, [user(7), user(8)])
    delivered.deliver([Author(1, 5, "Ann")])
    for dataset, key in ((USERS, 7), (AUTHORS, 1)):
        forget(delivered, dataset, key)
        found = document(delivered.explained(key, dataset=dataset))
        assert found.keys() == {"dataset", "key", "forgotten"}
        assert found["forgotten"]["at"]
    assert delivered.explained(8, dataset=USERS).row


@pytest.mark.slow
def test_the_reviews_of_a_person_who_was_forgotten_are_told_neither(delivered: Delivered) -> None:
    """The archive may hold them: what is delivered later is left out of the warehouse, and stays in the zones."""
    delivered.deliver_fields(USERS, [user(7), user(8)])
    forget(delivered, USERS, 7)
    delivered.deliver_fields(
        REVIEWS, [review(1, 7), review(2, 8), review(1, 7), review(2, 7)], [False, False, True, True]
    )
    assert document(delivered.explained(1, dataset=REVIEWS)).keys() == {"dataset", "key", "forgotten"}
    other = delivered.explained(2, dataset=REVIEWS)
    assert rows_of(other.records) == [("r2", 2)]
    assert other.rejects == ()
