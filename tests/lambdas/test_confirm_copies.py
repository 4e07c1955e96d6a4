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


def test_a_file_that_has_changed_is_not_read(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    plan(zones)
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    copy()
    assert confirm()["has_rows"]
    assert [file.key for file in confirmed(zones).files] == ["reviews.csv"]


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
