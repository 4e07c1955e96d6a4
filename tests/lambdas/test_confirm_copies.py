import gzip
import json
from hashlib import sha256

from catalog import REVIEWS
from contract.plan import Plan
from lambdas import drop_published
from lambdas.drop_published import Published
from tests.lambdas.runs import confirm, copy, listed, plan
from tests.lambdas.zones import AUTHORS_CSV, REVIEWS_CSV, LocalZones


def confirmed(zones: LocalZones, document: str = "copied.json") -> Plan:
    """The plan that the Spark job reads, or another one of the run's."""
    return Plan.from_json(zones.content(zones.environment.working_bucket, f"run=r1/{document}"))


def test_a_plan_whose_files_were_all_copied_stays_as_it_is(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("notes.txt", b"hello")
    plan(zones)
    copy()
    assert confirm()["has_rows"]
    assert confirmed(zones) == confirmed(zones, "plan.json")


def test_a_layout_whose_only_file_has_changed_is_not_read(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    plan(zones)
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    copy()
    assert confirm()["has_rows"]
    assert [layout.dataset for layout in confirmed(zones).layouts] == [REVIEWS]
    assert [file.key for file in confirmed(zones).files] == ["reviews.csv"]


def test_a_layout_that_keeps_one_of_its_files_is_read(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("authors/other.csv")
    plan(zones)
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    copy()
    assert confirm()["has_rows"]
    assert len(confirmed(zones).layouts) == 1


def test_a_run_whose_files_have_all_changed_has_no_rows(zones: LocalZones) -> None:
    zones.land("author.csv")
    plan(zones)
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    copy()
    assert not confirm()["has_rows"]
    assert zones.landed() == ["author.csv"]


def test_the_summary_follows_the_copies_and_keeps_the_window(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    plan(zones)
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    copy()
    made = confirm()
    assert (made["window"], made["files"], made["bytes"]) == ("kept", 1, len(REVIEWS_CSV))


def test_what_was_published_before_is_still_told_after_the_copy(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    listed()
    etag = zones.s3.head_object(Bucket=zones.environment.landing_bucket, Key="author.csv")["ETag"]
    drop_published.drop_published(zones.run(), {("author.csv", etag): Published("r0")})
    copy()
    made = confirm()
    assert (made["published_before"], made["files"]) == (1, 1)
    assert made["notes"] == ["author.csv: published by run r0, not read again"]


def test_a_gzip_file_that_is_cut_off_is_unusable_and_not_read(zones: LocalZones) -> None:
    content = gzip.compress(b"".join(sha256(bytes(n)).digest() for n in range(9_000)))
    header = gzip.compress(AUTHORS_CSV)
    zones.land("authors/cut.csv.gz", header + content[:-20])
    zones.land("authors/whole.csv.gz", header)
    plan(zones)
    copy()
    made = confirm()
    assert (made["files"], made["quarantined_files"], made["has_rows"]) == (1, 1, True)
    assert made["notes"][0].startswith("authors/cut.csv.gz: ")
    files = {file.key: file for file in confirmed(zones).files}
    cut = files["authors/cut.csv.gz"]
    assert cut.dataset is None
    assert zones.content(zones.environment.quarantine_bucket, cut.target) == header + content[:-20]
    reason = json.loads(zones.content(zones.environment.quarantine_bucket, f"{cut.target}.reason.json"))
    assert reason["problem"] == cut.problem
    assert files["authors/whole.csv.gz"].problem is None
    below = [key for key in zones.keys(zones.environment.working_bucket) if "/authors/" in key]
    assert below == [files["authors/whole.csv.gz"].target]
