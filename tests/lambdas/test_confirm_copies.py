from lambdas import confirm_copies
from lambdas.shared.plan import Plan
from spark_jobs.plan import layouts_of
from tests.lambdas.runs import copy, plan
from tests.lambdas.zones import AUTHORS_CSV, REVIEWS_CSV, LocalZones


def confirm() -> dict[str, bool]:
    return confirm_copies.handler({"run_id": "r1"}, None)


def confirmed(zones: LocalZones) -> bytes:
    """The plan that the Spark job reads."""
    return zones.content(zones.environment.working_bucket, "run=r1/copied.json")


def test_a_plan_whose_files_were_all_copied_stays_as_it_is(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("notes.txt", b"hello")
    plan()
    copy()
    assert confirm() == {"has_rows": True}
    assert confirmed(zones) == zones.content(zones.environment.working_bucket, "run=r1/plan.json")


def test_a_layout_whose_only_file_has_changed_is_not_read(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("reviews.csv", REVIEWS_CSV)
    plan()
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    copy()
    assert confirm() == {"has_rows": True}
    assert [layout.dataset.name for layout in layouts_of(confirmed(zones).decode(), run_id="r1")] == [
        "reviews"
    ]
    assert [file.key for file in Plan.from_json(confirmed(zones)).files] == ["reviews.csv"]


def test_a_layout_that_keeps_one_of_its_files_is_read(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("authors/other.csv")
    plan()
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    copy()
    assert confirm() == {"has_rows": True}
    assert len(layouts_of(confirmed(zones).decode(), run_id="r1")) == 1


def test_a_run_whose_files_have_all_changed_has_no_rows(zones: LocalZones) -> None:
    zones.land("author.csv")
    plan()
    zones.land("author.csv", AUTHORS_CSV + b"\n")
    copy()
    assert confirm() == {"has_rows": False}
    assert zones.landed() == ["author.csv"]
