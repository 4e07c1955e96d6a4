from typing import Any

import pytest
from botocore.exceptions import ClientError

from contract.plan import Plan
from lambdas import drop_published
from lambdas.drop_published import Published
from tests.lambdas.runs import listed
from tests.lambdas.warehouse import Ledger
from tests.lambdas.zones import AUTHORS_CSV, REVIEWS_CSV, LocalZones

LOOK_UP = (
    "select cast(:key as varchar(1024)) as file_key, cast(:etag as varchar(64)) as etag,"
    " cast('r0' as varchar(128)) as run_id, cast('authors' as varchar(32)) as dataset,"
    " cast(:missing as bigint) as missing_rows"
)


def etag_of(zones: LocalZones, key: str) -> str:
    return zones.s3.head_object(Bucket=zones.environment.landing_bucket, Key=key)["ETag"]


def planned(zones: LocalZones) -> list[str]:
    """The keys that the copy tasks will find."""
    document = zones.content(zones.environment.working_bucket, "run=r1/plan.json")
    return [file.key for file in Plan.from_json(document).files]


def with_published_authors(zones: LocalZones, ledger: Ledger, *, missing: str) -> dict[str, Any]:
    """Two files have landed, and the ledger lists that of the authors, whose table lacks so many rows; the plan."""
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    statement = ledger.run(LOOK_UP, key="author.csv", etag=etag_of(zones, "author.csv"), missing=missing)
    return drop_published.handler({"run_id": "r1", "plan": listed(), "statement": statement}, None)


def test_a_file_that_is_in_the_ledger_is_deleted_from_landing_and_not_read_again(
    zones: LocalZones, ledger: Ledger
) -> None:
    made = with_published_authors(zones, ledger, missing="0")

    assert zones.landed() == planned(zones) == ["reviews.csv"]
    assert (made["files"], made["published_before"], made["batches"]) == (1, 1, [0])
    assert made["window"] == {"start": "2020-01-31 00:00:00", "end": "2020-03-01 00:00:00"}
    assert made["notes"] == ["author.csv: published by run r0, not read again"]


def test_a_file_whose_rows_the_warehouse_has_lost_stays_in_landing_unread(
    zones: LocalZones, ledger: Ledger
) -> None:
    made = with_published_authors(zones, ledger, missing="3")

    assert zones.landed() == ["author.csv", "reviews.csv"]
    assert planned(zones) == ["reviews.csv"]
    (note,) = made["notes"]
    assert note == (
        "author.csv: published by run r0, but goodreads_warehouse.authors holds 3 rows fewer than the ledger lists; "
        "it stays in landing, `pipeline rebuild authors` fills the table again"
    )


def test_a_run_that_has_nothing_new_has_no_batches(zones: LocalZones) -> None:
    zones.land("author.csv")
    listed()
    published = {("author.csv", etag_of(zones, "author.csv")): Published("r0")}
    plan = drop_published.drop_published(zones.run(), published)
    assert (plan.files, zones.landed()) == ((), [])


@pytest.mark.parametrize("etag", ['"0123"', ""])
def test_the_same_name_with_other_content_is_new(zones: LocalZones, etag: str) -> None:
    zones.land("author.csv")
    listed()
    drop_published.drop_published(zones.run(), {("author.csv", etag): Published("r0")})
    assert zones.landed() == planned(zones) == ["author.csv"]


def test_a_published_file_that_is_overwritten_meanwhile_stays_for_the_next_run(zones: LocalZones) -> None:
    zones.land("author.csv")
    published = {("author.csv", etag_of(zones, "author.csv")): Published("r0")}
    listed()
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    drop_published.drop_published(zones.run(), published)
    assert zones.landed() == ["author.csv"]
    assert planned(zones) == []


def test_doing_it_twice_gives_the_same_plan_and_the_same_count(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    published = {("author.csv", etag_of(zones, "author.csv")): Published("r0")}
    listed()
    once = drop_published.drop_published(zones.run(), published)
    assert drop_published.drop_published(zones.run(), published) == once
    assert once.published == ("author.csv: published by run r0, not read again",)


@pytest.mark.parametrize(("published", "left"), [(True, []), (False, ["_SUCCESS", "author.csv"])])
def test_markers_are_deleted_if_there_is_nothing_new_to_acknowledge(
    zones: LocalZones, published: bool, left: list[str]
) -> None:
    zones.land("author.csv")
    zones.land("_SUCCESS", b"")
    listed()
    known = {("author.csv", etag_of(zones, "author.csv")): Published("r0")} if published else {}
    drop_published.drop_published(zones.run(), known)
    assert zones.landed() == left


def test_a_statement_that_the_state_machine_submits_under_its_own_role_cannot_be_read(
    zones: LocalZones, ledger: Ledger
) -> None:
    zones.land("author.csv")
    statement = ledger.run("select 1", submitter="state-machine")
    with pytest.raises(ClientError) as refused:
        drop_published.handler({"run_id": "r1", "plan": listed(), "statement": statement}, None)
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert refused.value.response["Error"]["Message"] == "Query does not exist."
    assert zones.landed() == ["author.csv"]
