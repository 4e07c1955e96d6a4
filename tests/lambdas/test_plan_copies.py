import csv
import gzip
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contract.plan import Plan
from lambdas.plan_copies import handler, plan_run
from lambdas.shared.environment import Environment
from lambdas.shared.errors import InvalidExecutionInput
from tests.lambdas.children import metrics_of
from tests.lambdas.zones import AUTHORS_CSV, REVIEWS_CSV, LocalZones

STARTED = "2020-03-01T00:00:00Z"
EVENT = {"run_id": "r1", "started": STARTED, "input": {}}


def test_what_has_landed_becomes_a_plan_and_a_summary(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews/2020-02-19T21-38.csv.gz", gzip.compress(REVIEWS_CSV))
    zones.land("notes.txt", b"hello")
    zones.land("users/today.csv", b"user_id\n1\n")
    zones.land("book.csv", b"")
    made = handler(EVENT, None)
    notes = made.pop("notes")
    assert made == {
        "files": 4,
        "bytes": len(AUTHORS_CSV) + len(gzip.compress(REVIEWS_CSV)) + len(b"user_id\n1\n"),
        "quarantined_files": 1,
        "published_before": 0,
        "left_for_later": 0,
        "batches": [0, 1, 2],
        "has_rows": True,
        "accept_rejects": "false",
        "window_asked": False,
        "window": {"start": "2020-01-31 00:00:00", "end": "2020-03-01 00:00:00"},
    }
    assert {note.split(":")[0] for note in notes} == {"notes.txt", "book.csv"}
    assert zones.keys(zones.environment.working_bucket) == ["run=r1/landed.csv", "run=r1/listed.json"]
    plan = Plan.from_json(zones.content(zones.environment.working_bucket, "run=r1/listed.json"))
    assert {file.key: file.dataset for file in plan.files} == {
        "author.csv": "authors",
        "reviews/2020-02-19T21-38.csv.gz": "reviews",
        "notes.txt": None,
        "users/today.csv": "users",
        "book.csv": "books",
    }
    assert zones.keys(zones.environment.quarantine_bucket) == []


def test_an_empty_landing_zone_gives_no_batches_and_writes_nothing(zones: LocalZones) -> None:
    made = handler(EVENT, None)
    assert (made["batches"], made["files"], made["has_rows"]) == ([], 0, False)
    assert zones.keys(zones.environment.working_bucket) == []


def test_only_unusable_and_empty_files_make_a_plan_without_rows(zones: LocalZones) -> None:
    zones.land("notes.txt", b"hello")
    zones.land("author.csv", b"")
    made = handler(EVENT, None)
    assert (made["batches"], made["has_rows"]) == ([0], False)


@pytest.mark.parametrize("name", ["", "a" * 81, "a/b", "a b", "ä", "a'b", "a\n", "{}"])
def test_a_name_that_cannot_be_part_of_keys_and_statements_is_refused(zones: LocalZones, name: str) -> None:
    with pytest.raises(InvalidExecutionInput, match="expected at most 80 letters, digits"):
        handler({**EVENT, "run_id": name}, None)
    assert zones.keys(zones.environment.working_bucket) == []


@pytest.mark.parametrize("name", ["a" * 80, "2020-02-19T21.38_1", "8b2c4d3e-1f2a-4b3c-9d4e-5f6a7b8c9d0e_1"])
def test_names_that_people_and_eventbridge_give_are_taken(zones: LocalZones, name: str) -> None:
    zones.land("author.csv")
    handler({**EVENT, "run_id": name}, None)
    assert f"run={name}/listed.json" in zones.keys(zones.environment.working_bucket)


def test_a_run_takes_as_many_bytes_as_the_settings_say(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCH_MAX_BYTES", str(2 * len(AUTHORS_CSV)))
    for number in range(3):
        zones.land(f"authors/{number}.csv")
    made = handler(EVENT, None)
    assert (made["files"], made["left_for_later"]) == (2, 1)


@pytest.mark.usefixtures("zones")
def test_the_analytics_look_back_as_many_days_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_WINDOW_DAYS", "7")
    assert handler(EVENT, None)["window"] == {"start": "2020-02-23 00:00:00", "end": "2020-03-01 00:00:00"}


def test_redshift_is_given_the_key_and_the_etag_of_every_file(zones: LocalZones) -> None:
    keys = ['authors/with "quotes", commas.csv', "author.csv", "notes.txt"]
    for key in keys:
        zones.land(key)
    handler(EVENT, None)
    text = zones.content(zones.environment.working_bucket, "run=r1/landed.csv").decode()
    etag = zones.s3.head_object(Bucket=zones.environment.landing_bucket, Key="author.csv")["ETag"]
    assert sorted(csv.reader(io.StringIO(text))) == sorted([key, etag] for key in keys)


@pytest.mark.usefixtures("zones")
@pytest.mark.parametrize(("given", "found"), [({}, "false"), ({"accept_rejects": True}, "true")])
def test_whoever_starts_a_run_may_accept_its_rejects(given: dict[str, Any], found: str) -> None:
    assert handler({**EVENT, "input": given}, None)["accept_rejects"] == found


@pytest.mark.usefixtures("zones")
@pytest.mark.parametrize("given", [{"accept_rejects": "yes"}, {"accept_reject": True}, {"accepts": True}])
def test_an_acceptance_that_is_misspelt_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidExecutionInput, match="accept_rejects"):
        handler({**EVENT, "input": given}, None)


def test_the_input_is_checked_before_anything_is_written(zones: LocalZones) -> None:
    zones.land("author.csv")
    with pytest.raises(InvalidExecutionInput, match="window_days is 'ten'"):
        handler({**EVENT, "input": {"window_days": "ten"}}, None)
    assert zones.keys(zones.environment.working_bucket) == []


def test_no_file_is_read_but_one_that_may_be_macos_own_and_of_that_its_first_bytes(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv.gz", gzip.compress(REVIEWS_CSV))
    zones.land("authors/._mine.csv")
    read: list[tuple[str, str]] = []
    zones.before("GetObject", lambda request: read.append((request["url_path"], request["headers"]["Range"])))
    assert len(plan_run(zones.run(), STARTED).files) == 3
    assert [(path.rpartition("/")[2], part) for path, part in read] == [("._mine.csv", "bytes=0-3")]


@pytest.mark.slow
def test_a_listing_of_several_pages_is_read_to_its_end_and_what_is_too_much_is_left(
    zones: LocalZones, with_settings: Callable[..., Environment]
) -> None:
    landing = zones.folder / zones.environment.landing_bucket
    for number in range(2_500):
        (landing / f"{number:04}.txt").touch()
    pages: list[Any] = []
    zones.before("ListObjectsV2", pages.append)
    plan = plan_run(zones.run(environment=with_settings(batch_max_files=2_400)), STARTED)
    assert len(pages) == 3
    assert len({file.key for file in plan.files}) == 2_400
    assert plan.left_for_later == 100


def test_what_may_be_macos_own_and_is_deleted_before_it_is_read_is_planned_as_any_file(
    zones: LocalZones,
) -> None:
    """Its copy will find that it is gone."""
    zones.land("._author.csv")
    landing = zones.folder / zones.environment.landing_bucket
    zones.before("GetObject", lambda _request: (landing / "._author.csv").unlink())
    assert [file.key for file in plan_run(zones.run(), STARTED).files] == ["._author.csv"]


def test_a_folder_marker_of_a_console_is_not_a_file(zones: LocalZones) -> None:
    zones.land("authors/x.csv")

    def add_marker(parsed: dict[str, Any], **_: object) -> None:
        parsed["Contents"].append({**parsed["Contents"][0], "Key": "authors/", "Size": 0})

    zones.s3.meta.events.register("after-call.s3.ListObjectsV2", add_marker)
    assert [file.key for file in plan_run(zones.run(), STARTED).files] == ["authors/x.csv"]


def test_an_error_of_s3_other_than_a_changed_object_fails_the_run(
    zones: LocalZones, with_settings: Callable[..., Environment]
) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        plan_run(zones.run(environment=with_settings(landing_bucket="nowhere")), STARTED)


def test_planning_moves_and_deletes_nothing(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("notes.txt", b"hello")
    plan_run(zones.run(), STARTED)
    assert zones.landed() == ["author.csv", "notes.txt"]
    assert zones.content(zones.environment.landing_bucket, "author.csv") == AUTHORS_CSV


RESOURCE_FORK = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X"


def test_what_programs_leave_beside_data_is_no_file_and_is_named_once(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("authors/_SUCCESS", b"")
    zones.land("authors/.a.csv.crc", b"crc")
    zones.land("._author.csv", RESOURCE_FORK)
    zones.land("authors/._mine.csv")
    made = handler(EVENT, None)
    assert (made["files"], made["quarantined_files"]) == (2, 0)
    assert made["notes"] == [
        "._author.csv, authors/.a.csv.crc, authors/_SUCCESS: left by another program, hold no data, are deleted unread"
    ]
    plan = Plan.from_json(zones.content(zones.environment.working_bucket, "run=r1/listed.json"))
    assert [file.key for file in plan.files] == ["author.csv", "authors/._mine.csv"]
    assert {marker.key for marker in plan.markers} == {
        "authors/_SUCCESS",
        "authors/.a.csv.crc",
        "._author.csv",
    }


def test_markers_alone_are_nothing_to_do(zones: LocalZones) -> None:
    zones.land("_SUCCESS", b"")
    assert handler(EVENT, None)["batches"] == []
    assert zones.keys(zones.environment.working_bucket) == []


def test_a_name_in_upper_case_is_unpacked_by_its_ending(zones: LocalZones) -> None:
    zones.land("AUTHOR.CSV.GZ", gzip.compress(AUTHORS_CSV))
    (file,) = plan_run(zones.run(), STARTED).files
    assert (file.dataset, file.target.rpartition("/")[2]) == ("authors", "00000-AUTHOR.CSV.gz")


@pytest.mark.slow
def test_what_waits_in_landing_is_told_as_metrics(zones: LocalZones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_MAX_FILES", "1")
    for number in range(3):
        zones.land(f"authors/{number}.csv")
    zones.land("authors/_SUCCESS", b"")  # a marker: nobody waits for it
    oldest = min(item.modified for item in zones.run().landing.objects())
    started = datetime.fromisoformat(oldest) + timedelta(minutes=31)
    (blob,) = metrics_of("plan_copies", {**EVENT, "started": started.isoformat()})
    (directive,) = blob["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service"]]
    assert {metric["Name"]: (blob[metric["Name"]], metric["Unit"]) for metric in directive["Metrics"]} == {
        "OldestFileSeconds": ([31 * 60.0], "Seconds"),
        "FilesLeftForLater": ([2.0], "Count"),
        "BytesLeftForLater": ([2.0 * len(AUTHORS_CSV)], "Bytes"),
        "RunsSkipped": ([0.0], "Count"),  # the state machine counts 1 for a run that is
    }


@pytest.mark.slow
@pytest.mark.usefixtures("zones")
def test_in_an_empty_landing_zone_nothing_waits() -> None:
    (blob,) = metrics_of("plan_copies", EVENT)
    assert (blob["OldestFileSeconds"], blob["FilesLeftForLater"], blob["BytesLeftForLater"]) == (
        [0.0],
        [0.0],
        [0.0],
    )


@pytest.mark.slow
def test_a_file_that_landed_after_the_start_of_the_run_has_not_waited(zones: LocalZones) -> None:
    zones.land("author.csv")
    (blob,) = metrics_of("plan_copies", EVENT)
    assert blob["OldestFileSeconds"] == [0.0]
