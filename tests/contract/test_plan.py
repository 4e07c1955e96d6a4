from hypothesis import given
from hypothesis import strategies as st

from catalog import AUTHORS
from contract import plan as documents
from contract.plan import Layout, Part, Plan, PlannedFile, TaskLimits, receipt_key
from lambdas.shared.planning import Header, Zones, make_plan
from spark_jobs.plan import files_of, layouts_of
from tests.lambdas.zones import landing_object

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
files = st.builds(
    PlannedFile,
    key=texts,
    etag=texts,
    size=st.integers(0, 10**6),
    target=texts,
    dataset=st.none() | texts,
    problem=st.none() | texts,
    parts=st.lists(st.builds(Part, target=texts, records=st.integers(0)), max_size=3).map(tuple),
)
layouts = st.builds(Layout, dataset=texts, columns=st.lists(texts).map(tuple), prefix=texts)
plans = st.builds(
    Plan,
    run_id=texts,
    files=st.lists(files, max_size=20).map(tuple),
    layouts=st.lists(layouts, max_size=5).map(tuple),
    left_for_later=st.integers(0),
    drift=st.lists(texts, max_size=5).map(tuple),
    published=st.lists(texts, max_size=5).map(tuple),
)


@given(plans)
def test_a_plan_is_read_back_as_it_was_written(plan: Plan) -> None:
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(plan.to_json().encode()) == plan


@given(plans, st.builds(TaskLimits, st.integers(1, 7), st.integers(1, 10**6)))
def test_the_batches_of_a_plan_hold_every_file_once_and_in_order(plan: Plan, limits: TaskLimits) -> None:
    batches = plan.batches(limits)
    assert tuple(file for batch in batches for file in batch) == plan.files
    for batch in batches:
        assert 1 <= len(batch) <= limits.files
        assert len(batch) == 1 or sum(file.size for file in batch) <= limits.bytes


def test_a_batch_is_full_when_it_has_the_files_or_the_bytes() -> None:
    files = tuple(PlannedFile(str(number), "", size, "") for number, size in enumerate([9, 1, 0, 0, 4, 7, 3]))
    batches = Plan("r1", files, ()).batches(TaskLimits(files=3, bytes=10))
    assert [[file.size for file in batch] for batch in batches] == [[9, 1, 0], [0, 4], [7, 3]]


def test_the_spark_job_reads_the_same_document() -> None:
    key = "authors/naïve.csv"
    plan = make_plan(
        "r1", [landing_object(key)], {key: Header(AUTHORS.column_names)}, Zones("working", "quarantine")
    )
    (layout,) = layouts_of(plan.to_json(), run_id="r1")
    assert (layout.dataset, layout.columns) == (AUTHORS, AUTHORS.column_names)
    assert layout.prefix == "s3://working/run=r1/authors/layout=0/"


def test_the_spark_job_finds_the_parts_of_a_file_that_was_cut() -> None:
    file = PlannedFile("a.csv", "e", 3, "run=r1/authors/layout=0/00000-a.csv", dataset="authors")
    parts = tuple(Part(f"run=r1/authors/layout=0/00000-part=0000{number}", 7) for number in range(2))
    (read,) = files_of(Plan("r1", (file,), ()).cut({"a.csv": parts}).to_json())
    assert read.targets == (
        "run=r1/authors/layout=0/00000-part=00000",
        "run=r1/authors/layout=0/00000-part=00001",
    )
    assert sum(part.records for part in read.parts) == 14


def test_everything_a_run_writes_about_itself_is_below_its_own_folder() -> None:
    keys = {documents.listed_key, documents.landed_key, documents.plan_key, documents.copied_key}
    assert sorted(key("r1") for key in keys) == [
        "run=r1/copied.json",
        "run=r1/landed.csv",
        "run=r1/listed.json",
        "run=r1/plan.json",
    ]
    assert receipt_key("r1", 7) == "run=r1/copied/00007.json"
    assert documents.unreadable_prefix("r1") == "run=r1/unreadable/part-"
