import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.plan import LandingObject, Limits, Plan, PlannedFile

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
files = st.builds(
    PlannedFile,
    key=texts,
    etag=texts,
    size=st.integers(0, 10**6),
    target=texts,
    dataset=st.none() | texts,
    problem=st.none() | texts,
)


plans = st.builds(
    Plan,
    run_id=texts,
    files=st.lists(files, max_size=20).map(tuple),
    left_for_later=st.integers(0),
    published=st.lists(texts, max_size=5).map(tuple),
    markers=st.lists(st.builds(LandingObject, texts, texts, st.integers(0), texts), max_size=3).map(tuple),
)


def planned(target: str, size: int = 1) -> PlannedFile:
    return PlannedFile(key=target, etag="e", size=size, target=target)


@pytest.mark.slow
@given(plans)
def test_a_plan_is_read_back_as_it_was_written(plan: Plan) -> None:
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(plan.to_json().encode()) == plan


@pytest.mark.slow
@given(plans)
def test_a_plan_from_before_files_were_copied_whole_and_unread_is_read_too(plan: Plan) -> None:
    layout = {"dataset": "authors", "columns": ["author_id"], "prefix": "s3://w/run=r1/authors/layout=0/"}
    document = json.loads(plan.to_json()) | {"layouts": [layout], "drift": ["authors: odd"]}
    for file in document["files"]:
        file["parts"] = []
    assert Plan.from_json(json.dumps(document)) == plan


@pytest.mark.slow
@given(plans, st.builds(Limits, st.integers(1, 7), st.integers(1, 10**6)))
def test_the_batches_of_a_plan_hold_every_file_once_and_in_order(plan: Plan, limits: Limits) -> None:
    batches = plan.batches(limits)
    assert tuple(file for batch in batches for file in batch) == plan.files
    for batch in batches:
        assert 1 <= len(batch) <= limits.files
        assert len(batch) == 1 or sum(file.size for file in batch) <= limits.bytes


def test_a_batch_is_full_when_it_has_the_files_or_the_bytes() -> None:
    files = tuple(planned(str(number), size) for number, size in enumerate([9, 1, 0, 0, 4, 7, 3]))
    batches = Plan(run_id="r1", files=files).batches(Limits(files=3, bytes=10))
    assert [[file.size for file in batch] for batch in batches] == [[9, 1, 0], [0, 4], [7, 3]]


def test_a_file_has_a_number() -> None:
    assert planned("run=r1/authors/00012-a.csv").number == 12
