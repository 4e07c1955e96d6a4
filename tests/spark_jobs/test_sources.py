import pytest

from catalog import AUTHORS, BOOKS, REVIEWS, USERS
from contract.plan import Plan, PlannedFile
from lambdas.shared.planning import make_plan
from spark_jobs.ranges import Range
from spark_jobs.sources import files_of, objects_of
from tests.lambdas.zones import landing_object


def planned(target: str, dataset: str | None = "authors", problem: str | None = None) -> PlannedFile:
    return PlannedFile(key=target, etag="e", size=1, target=target, dataset=dataset, problem=problem)


def plan(*files: PlannedFile) -> Plan:
    return Plan(run_id="r", files=files)


def test_what_is_empty_or_was_quarantined_is_not_read() -> None:
    usable = planned("run=r/authors/00001-a.csv")
    empty = planned("run=r/empty/00002-b.csv")
    unusable = planned("run=r/files/00003-c.txt", dataset=None, problem="no dataset's name")
    assert files_of(plan(empty, usable, unusable)) == {AUTHORS: [usable], BOOKS: [], REVIEWS: [], USERS: []}


@pytest.mark.parametrize(
    ("target", "dataset"),
    [
        ("run=r/books/00001-a.csv", "authors"),
        ("run=q/authors/00001-a.csv", "authors"),
        ("run=r/shelves/00001-a.csv", "shelves"),
        ("run=r/None/00001-a.csv", None),
    ],
)
def test_a_file_that_would_never_be_read_is_refused(target: str, dataset: str | None) -> None:
    with pytest.raises(ValueError, match=rf"the plan has {target} of {dataset}: it would never be read"):
        files_of(plan(planned(target, dataset=dataset)))


def test_the_job_reads_the_files_that_were_planned() -> None:
    key = "authors/naïve.csv"
    items = [landing_object(key), landing_object("author.csv", size=0), landing_object("notes.txt")]
    files = files_of(Plan.from_json(make_plan("r", items).to_json()))[AUTHORS]
    assert [file.key for file in files] == [key]
    assert [each.uri for each in objects_of(files, "s3://working/")] == [
        "s3://working/run=r/authors/00000-na~C3~AFve.csv"
    ]


def test_a_file_is_one_range_and_how_many_bytes_gzip_holds_is_not_known() -> None:
    plain, packed = planned("run=r/authors/00003-a+%20ö.csv"), planned("run=r/authors/00004-a.csv.gz")
    assert objects_of([plain, packed], "s3://w/") == [
        Range(file_number=3, uri=f"s3://w/{plain.target}", size=1, end=1),
        Range(file_number=4, uri=f"s3://w/{packed.target}", size=1),
    ]
