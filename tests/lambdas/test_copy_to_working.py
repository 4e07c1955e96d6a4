import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from lambdas import copy_to_working, drop_published
from lambdas.drop_published import Published
from lambdas.shared import zone
from tests.lambdas.runs import copy, listed, plan
from tests.lambdas.zones import AUTHORS_CSV, REVIEWS_CSV, LocalZones

MIB = 1024 * 1024
ODD_KEYS = [
    "authors/with space.csv",
    "authors/with+plus.csv",
    "authors/with%20percent.csv",
    "authors/naïve 本.csv",
    "authors/_hidden.csv",
    "authors/.hidden.csv",
    "authors/a*b?[c]{d}.csv",
]


def receipt(zones: LocalZones, run_id: str = "r1", batch: int = 0) -> list[str]:
    """The keys that a batch's receipt lists."""
    content = zones.content(zones.environment.working_bucket, f"run={run_id}/copied/{batch:05}.json")
    return [entry["key"] for entry in json.loads(content)]


def test_the_copies_hold_what_the_files_hold_and_landing_keeps_them(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    plan(zones)
    assert copy() == {"copied": 2, "changed": 0}
    working = zones.environment.working_bucket
    copies = {
        key: zones.content(working, key)
        for key in zones.keys(working)
        if "/authors/" in key or "/reviews/" in key
    }
    assert sorted(copies.values()) == sorted([AUTHORS_CSV, REVIEWS_CSV])
    assert {key.split("/")[1] for key in copies} == {"authors", "reviews"}
    assert sorted(receipt(zones)) == zones.landed() == ["author.csv", "reviews.csv"]


def test_every_batch_copies_its_own_files_and_writes_its_own_receipt(zones: LocalZones) -> None:
    for number in range(5):
        zones.land(f"authors/{number}.csv")
    assert plan(zones) == [0, 1, 2]
    assert [copy(batch=batch)["copied"] for batch in (2, 0, 1)] == [1, 2, 2]
    assert [len(receipt(zones, batch=batch)) for batch in range(3)] == [2, 2, 1]
    assert sorted(key for batch in range(3) for key in receipt(zones, batch=batch)) == zones.landed()


def test_s3_alone_copies_so_the_function_reads_nothing_of_landing(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of a small file nor of one that S3 copies in parts, packed or not."""
    in_parts = TransferConfig(
        multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, preferred_transfer_client="classic"
    )
    monkeypatch.setattr(zone, "COPYING", in_parts)
    zones.land("author.csv")
    zones.land("authors/broken.csv.gz", gzip.compress(AUTHORS_CSV) + b"no gzip")
    zones.land("reviews.csv", REVIEWS_CSV + b"\n" * 9 * MIB)
    run = zones.run(environment=replace(zones.environment, copy_files_per_task=3))
    plan(zones)
    asked: list[tuple[str, str]] = []
    zones.s3.meta.events.register(
        "provide-client-params.s3",
        lambda model, params, **_: asked.append((model.name, f"{params['Bucket']}/{params['Key']}")),
    )
    assert copy_to_working.copy_batch(run, 0) == {"copied": 3, "changed": 0}
    assert {name for name, _ in asked} == {
        "GetObject",
        "CopyObject",
        "CreateMultipartUpload",
        "UploadPartCopy",
        "CompleteMultipartUpload",
        "HeadObject",
        "PutObject",
    }
    read = [path for name, path in asked if name == "GetObject"]
    assert read == [f"{run.working.bucket}/run=r1/plan.json"]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_file_with_an_odd_name_is_copied_like_any_other(zones: LocalZones, key: str) -> None:
    zones.land(key)
    plan(zones)
    assert copy() == {"copied": 1, "changed": 0}
    (target,) = (found for found in zones.keys(zones.environment.working_bucket) if "/authors/" in found)
    assert zones.content(zones.environment.working_bucket, target) == AUTHORS_CSV
    assert receipt(zones) == [key]


def test_a_file_overwritten_after_planning_is_not_copied_and_not_in_the_receipt(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    plan(zones)
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    assert copy() == {"copied": 1, "changed": 1}
    assert receipt(zones) == ["reviews.csv"]
    assert not [key for key in zones.keys(zones.environment.working_bucket) if "/authors/" in key]


def test_a_file_overwritten_while_it_is_copied_is_not_copied(zones: LocalZones) -> None:
    zones.land("author.csv")
    plan(zones)
    landing = zones.folder / zones.environment.landing_bucket
    conditions: list[str] = []

    def overwrite(request: dict[str, Any]) -> None:
        conditions.append(request["headers"]["x-amz-copy-source-if-match"])
        (landing / "author.csv").write_bytes(AUTHORS_CSV + b"\n")

    zones.before("CopyObject", overwrite)
    assert copy_to_working.copy_batch(zones.run(), 0) == {"copied": 0, "changed": 1}
    assert len(conditions) == 1
    assert receipt(zones) == []


def test_a_file_deleted_after_planning_is_left_out(zones: LocalZones) -> None:
    zones.land("author.csv")
    plan(zones)
    zones.s3.delete_object(Bucket=zones.environment.landing_bucket, Key="author.csv")
    assert copy() == {"copied": 0, "changed": 1}
    assert receipt(zones) == []


def test_a_copy_of_another_size_than_the_file_fails_the_batch(zones: LocalZones) -> None:
    zones.land("author.csv")
    plan(zones)
    working = zones.folder / zones.environment.working_bucket

    def shorten(parsed: dict[str, Any], **_: object) -> None:
        (copied,) = working.glob("run=r1/authors/*")
        copied.write_bytes(b"short")
        parsed["CopyObjectResult"]["ETag"] = zones.s3.head_object(
            Bucket=working.name, Key=copied.relative_to(working).as_posix()
        )["ETag"]

    zones.s3.meta.events.register("after-call.s3.CopyObject", shorten)
    with pytest.raises(OSError, match=f"has 5 bytes after the copy, its source {len(AUTHORS_CSV)}"):
        copy_to_working.copy_batch(zones.run(), 0)
    assert "run=r1/copied/00000.json" not in zones.keys(zones.environment.working_bucket)


def test_an_unusable_file_is_put_in_quarantine_with_the_reason_beside_it(zones: LocalZones) -> None:
    zones.land("inbox/notes.txt", b"hello")
    plan(zones)
    assert copy() == {"copied": 1, "changed": 0}
    quarantine = zones.environment.quarantine_bucket
    assert zones.keys(quarantine) == [
        "run=r1/files/00000-notes.txt",
        "run=r1/files/00000-notes.txt.reason.json",
    ]
    assert zones.content(quarantine, "run=r1/files/00000-notes.txt") == b"hello"
    reason = json.loads(zones.content(quarantine, "run=r1/files/00000-notes.txt.reason.json"))
    problem = reason.pop("problem")
    assert problem.startswith("'inbox/notes.txt' names no known dataset")
    assert reason == {"key": "inbox/notes.txt", "etag": '"5d41402abc4b2a76b9719d911017c592"', "size": 5}
    assert receipt(zones) == ["inbox/notes.txt"]


def test_the_first_reason_against_a_file_is_kept_when_a_second_one_is_found(zones: LocalZones) -> None:
    zones.land("inbox/notes.csv.gz", b"neither of a dataset nor gzip")
    plan(zones)
    copy()
    reason = "run=r1/files/00000-notes.csv.gz.reason.json"
    problem = json.loads(zones.content(zones.environment.quarantine_bucket, reason))["problem"]
    assert problem.startswith("'inbox/notes.csv.gz' names no known dataset")


def test_what_was_published_before_is_not_copied(zones: LocalZones) -> None:
    """The file is still in the listing, but was deleted from landing, unless somebody has landed it again since."""
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    listed()
    etag = zones.s3.head_object(Bucket=zones.environment.landing_bucket, Key="author.csv")["ETag"]
    drop_published.drop_published(zones.run(), {("author.csv", etag): Published("r0")})
    zones.land("author.csv")
    assert copy() == {"copied": 1, "changed": 0}
    assert receipt(zones) == ["reviews.csv"]


def test_an_empty_file_is_copied_where_spark_does_not_look(zones: LocalZones) -> None:
    zones.land("author.csv", b"")
    plan(zones)
    assert copy() == {"copied": 1, "changed": 0}
    assert "run=r1/empty/00000-author.csv" in zones.keys(zones.environment.working_bucket)


def test_a_second_try_writes_the_receipt_anew(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    plan(zones)
    assert copy()["copied"] == 2
    zones.land("reviews.csv", REVIEWS_CSV + b"\n")
    assert copy() == {"copied": 1, "changed": 1}
    assert receipt(zones) == ["author.csv"]


def test_the_working_zone_is_not_wiped_before_the_copy(zones: LocalZones) -> None:
    zones.land("author.csv")
    plan(zones, "earlier")
    copy("earlier")
    before = zones.keys(zones.environment.working_bucket)
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    plan(zones, "later")
    copy("later")
    after = zones.keys(zones.environment.working_bucket)
    assert [key for key in after if key.startswith("run=earlier/")] == before
    assert set(after) - set(before) == {key for key in after if key.startswith("run=later/")}
