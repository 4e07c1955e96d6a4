from dataclasses import replace

import pytest

from catalog import AUTHORS
from contract.plan import Layout, Part, Plan, PlannedFile
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


def test_parts_of_a_file_are_read_in_its_stead_and_each_knows_the_records_before_it() -> None:
    parts = tuple(Part(f"run=r/authors/layout=0/00007-part={number}-b.csv", 3) for number in range(2))
    whole, packed = (
        planned("run=r/authors/layout=0/00003-a+%20ö.csv"),
        planned("run=r/authors/layout=0/00004-a.csv.gz"),
    )
    cut = replace(planned("run=r/authors/layout=0/00007-b.csv"), size=20, parts=parts)
    bucket = "s3://w/"
    assert objects_of([Source(layout=LAYOUT, files=(whole, packed, cut))]) == [
        Range(file_number=3, source=0, uri=bucket + whole.target, size=1, end=1),
        Range(file_number=4, source=0, uri=bucket + packed.target, size=1),
        Range(file_number=7, source=0, uri=bucket + parts[0].target, size=10),
        Range(file_number=7, source=0, uri=bucket + parts[1].target, size=10, before=3),
    ]
