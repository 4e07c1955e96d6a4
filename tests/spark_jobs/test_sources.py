import pytest

from catalog import AUTHORS
from contract.plan import Layout, Plan, PlannedFile
from lambdas.shared.planning import Header, make_plan
from spark_jobs.ranges import Range
from spark_jobs.sources import Source, objects_of, sources_of
from tests.lambdas.zones import landing_object

LAYOUT = Layout(dataset=AUTHORS, columns=AUTHORS.column_names, prefix="s3://w/run=r/authors/layout=0/")


def planned(target: str, dataset: str | None = "authors", problem: str | None = None) -> PlannedFile:
    return PlannedFile(key=target, etag="e", size=1, target=target, dataset=dataset, problem=problem)


def plan(*files: PlannedFile) -> Plan:
    return Plan(run_id="r", files=files, layouts=(LAYOUT,))


def test_sources_leave_out_what_is_empty_or_was_quarantined() -> None:
    usable = planned("run=r/authors/layout=0/00001-a.csv")
    empty = planned("run=r/empty/00002-b.csv")
    unusable = planned("run=r/files/00003-c.txt", dataset=None, problem="no dataset's name")
    assert sources_of(plan(empty, usable, unusable)) == [Source(layout=LAYOUT, files=(usable,))]


@pytest.mark.parametrize(
    ("target", "dataset"),
    [("run=r/authors/layout=1/00001-a.csv", "authors"), ("run=r/authors/layout=0/00001-a.csv", "books")],
)
def test_a_file_that_no_layout_would_read_is_refused(target: str, dataset: str) -> None:
    with pytest.raises(ValueError, match=rf"no layout of {dataset} for {target}: it would never be read"):
        sources_of(plan(planned(target, dataset=dataset)))


def test_the_job_reads_the_files_that_were_planned() -> None:
    key = "authors/naïve.csv"
    headers = {key: Header(AUTHORS.column_names), "author.csv": Header(), "notes.txt": Header()}
    made = make_plan("r", [landing_object(each) for each in headers], headers, working="working")
    (source,) = sources_of(Plan.from_json(made.to_json()))
    assert (source.layout.dataset, source.layout.columns) == (AUTHORS, AUTHORS.column_names)
    assert [file.key for file in source.files] == [key]
    assert [each.uri for each in objects_of([source])] == [
        "s3://working/run=r/authors/layout=0/00000-na~C3~AFve.csv"
    ]


def test_a_file_is_one_range_and_how_many_bytes_gzip_holds_is_not_known() -> None:
    plain, packed = (
        planned("run=r/authors/layout=0/00003-a+%20ö.csv"),
        planned("run=r/authors/layout=0/00004-a.csv.gz"),
    )
    bucket = "s3://w/"
    assert objects_of([Source(layout=LAYOUT, files=(plain, packed))]) == [
        Range(file_number=3, source=0, uri=bucket + plain.target, size=1, end=1),
        Range(file_number=4, source=0, uri=bucket + packed.target, size=1),
    ]
