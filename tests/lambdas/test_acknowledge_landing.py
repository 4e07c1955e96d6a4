from typing import Any

import pytest

from catalog import DATASETS
from lambdas import acknowledge_landing
from lambdas.acknowledge_landing import acknowledge, require_published
from lambdas.shared.errors import NotPublishedError
from tests.lambdas.runs import copy, plan
from tests.lambdas.warehouse import Ledger
from tests.lambdas.zones import AUTHORS_CSV, REVIEWS_CSV, LocalZones, ledger_of


@pytest.fixture
def copied(zones: LocalZones) -> LocalZones:
    """Three files, copied by the run r1 in two batches."""
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    zones.land("notes.txt", b"hello")
    for batch in plan(zones):
        copy(batch=batch)
    return zones


def acknowledge_run(**event: Any) -> dict[str, int]:
    return acknowledge_landing.handler({"run_id": "r1", **event}, None)


def test_the_landing_zone_is_emptied_of_what_a_run_has_published(copied: LocalZones, ledger: Ledger) -> None:
    ledger.publish("r1")
    assert acknowledge_run(ledger_statement=ledger.read("r1")) == {"acknowledged": 3, "changed": 0}
    assert copied.landed() == []


def test_what_programs_left_beside_the_files_goes_with_them(zones: LocalZones, ledger: Ledger) -> None:
    for key in ("author.csv", "_SUCCESS", ".DS_Store"):
        zones.land(key)
    for batch in plan(zones):
        copy(batch=batch)
    zones.land(".DS_Store", b"changed meanwhile")
    ledger.publish("r1")
    acknowledge_run(ledger_statement=ledger.read("r1"))
    assert zones.landed() == [".DS_Store"]
    assert zones.keys(zones.environment.working_bucket) == sorted(
        key
        for key in zones.keys(zones.environment.working_bucket)
        if "SUCCESS" not in key and "DS_Store" not in key
    )


@pytest.mark.slow
def test_a_file_that_landed_after_the_plan_stays(copied: LocalZones, ledger: Ledger) -> None:
    copied.land("authors/later.csv")
    ledger.publish("r1")
    assert acknowledge_run(ledger_statement=ledger.read("r1")) == {"acknowledged": 3, "changed": 0}
    assert copied.landed() == ["authors/later.csv"]


def test_a_file_overwritten_after_the_copy_stays(copied: LocalZones, ledger: Ledger) -> None:
    copied.land("author.csv", AUTHORS_CSV + b"2,Bob,,,4.5,2,1,2020-02-20 00:00:00\n")
    ledger.publish("r1")
    assert acknowledge_run(ledger_statement=ledger.read("r1")) == {"acknowledged": 2, "changed": 1}
    assert copied.landed() == ["author.csv"]


def test_a_file_that_was_not_copied_stays(zones: LocalZones, ledger: Ledger) -> None:
    zones.land("author.csv")
    plan(zones)
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    copy()
    ledger.publish("r1")
    assert acknowledge_run(ledger_statement=ledger.read("r1")) == {"acknowledged": 0, "changed": 0}
    assert zones.landed() == ["author.csv"]


def test_an_overwrite_at_the_moment_of_deletion_is_refused_by_s3_itself(copied: LocalZones) -> None:
    newer = AUTHORS_CSV + b"2,Bob,,,4.5,2,1,2020-02-20 00:00:00\n"
    copied.before("DeleteObjects", lambda _request: copied.land("author.csv", newer))
    assert acknowledge(copied.run()) == {"acknowledged": 2, "changed": 1}
    assert copied.content(copied.environment.landing_bucket, "author.csv") == newer
    assert copied.landed() == ["author.csv"]


@pytest.mark.slow
def test_acknowledging_twice_does_no_harm(copied: LocalZones, ledger: Ledger) -> None:
    ledger.publish("r1")
    acknowledge_run(ledger_statement=ledger.read("r1"))
    copied.land("author.csv", AUTHORS_CSV + b"\n")
    assert acknowledge_run(ledger_statement=ledger.read("r1")) == {"acknowledged": 0, "changed": 3}
    assert copied.landed() == ["author.csv"]


def test_nothing_is_deleted_for_a_run_that_is_not_in_the_ledger(copied: LocalZones, ledger: Ledger) -> None:
    ledger.publish("another")
    with pytest.raises(NotPublishedError, match="nothing was deleted from landing"):
        acknowledge_run(ledger_statement=ledger.read("r1"))
    assert copied.landed() == ["author.csv", "notes.txt", "reviews.csv"]


def test_nothing_is_deleted_while_a_dataset_is_missing_from_the_ledger(
    copied: LocalZones, ledger: Ledger
) -> None:
    ledger.publish("r1", datasets=["authors", "books", "reviews"])
    with pytest.raises(NotPublishedError, match=r"'authors', 'books', 'reviews'.* expected .*'users'"):
        acknowledge_run(ledger_statement=ledger.read("r1"))
    assert len(copied.landed()) == 3


def test_files_without_rows_need_no_ledger(zones: LocalZones) -> None:
    zones.land("notes.txt", b"hello")
    zones.land("author.csv", b"")
    plan(zones)
    copy()
    assert acknowledge_run() == {"acknowledged": 2, "changed": 0}
    assert zones.landed() == []
    assert len(zones.keys(zones.environment.quarantine_bucket)) == 2


def test_only_the_receipts_of_the_run_itself_count(copied: LocalZones) -> None:
    copied.land("authors/second.csv")
    assert acknowledge(copied.run("r")) == {"acknowledged": 0, "changed": 0}
    assert acknowledge(copied.run("r11")) == {"acknowledged": 0, "changed": 0}
    assert len(copied.landed()) == 4


def test_a_plan_without_a_receipt_deletes_nothing(zones: LocalZones) -> None:
    zones.land("author.csv")
    plan(zones)
    assert acknowledge(zones.run()) == {"acknowledged": 0, "changed": 0}
    assert zones.landed() == ["author.csv"]


@pytest.mark.parametrize("missing", [dataset.name for dataset in DATASETS])
def test_every_single_dataset_is_needed(missing: str) -> None:
    lines = [line for line in ledger_of("r1") if line.dataset != missing]
    with pytest.raises(NotPublishedError):
        require_published("r1", lines)


def test_lines_of_another_run_and_lines_written_twice_do_not_count() -> None:
    require_published("r1", ledger_of("r1"))
    require_published("r1", [*ledger_of("another"), *ledger_of("r1")])
    for lines in (ledger_of("another"), ledger_of("r1") * 2, []):
        with pytest.raises(NotPublishedError):
            require_published("r1", lines)
