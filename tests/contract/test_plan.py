import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import AUTHORS, DATASETS, USERS, Dataset
from contract.plan import LandingObject, Layout, Limits, Plan, PlannedFile

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


def layouts_of(dataset: Dataset) -> st.SearchStrategy[Layout]:
    more = st.lists(texts, max_size=3).map(lambda names: (*dataset.column_names, *names))
    return st.builds(Layout, dataset=st.just(dataset), columns=more, prefix=texts)


layouts = st.sampled_from(DATASETS).flatmap(layouts_of)
plans = st.builds(
    Plan,
    run_id=texts,
    files=st.lists(files, max_size=20).map(tuple),
    layouts=st.lists(layouts, max_size=5).map(tuple),
    left_for_later=st.integers(0),
    drift=st.lists(texts, max_size=5).map(tuple),
    published=st.lists(texts, max_size=5).map(tuple),
    markers=st.lists(st.builds(LandingObject, texts, texts, st.integers(0), texts), max_size=3).map(tuple),
)


def planned(target: str, size: int = 1) -> PlannedFile:
    return PlannedFile(key=target, etag="e", size=size, target=target)


@given(plans)
def test_a_plan_is_read_back_as_it_was_written(plan: Plan) -> None:
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(plan.to_json().encode()) == plan


@given(plans)
def test_a_plan_from_before_files_were_copied_whole_is_read_too(plan: Plan) -> None:
    document = json.loads(plan.to_json())
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


def document(**layout: Any) -> str:
    """A plan with one layout of authors, as it is stored."""
    columns = list(AUTHORS.column_names)
    entry = {"dataset": "authors", "columns": columns, "prefix": "s3://w/run=r1/authors/layout=0/"} | layout
    return json.dumps(
        {"run_id": "r1", "files": [], "layouts": [entry], "left_for_later": 0, "drift": [], "published": []}
    )


def test_a_layout_has_the_columns_of_its_header_in_their_order() -> None:
    columns = (*reversed(USERS.column_names), "more")
    (layout,) = Plan.from_json(document(dataset="users", columns=columns)).layouts
    assert (layout.dataset, layout.columns) == (USERS, columns)


def test_a_header_that_lacks_a_column_is_refused_by_name() -> None:
    first, _, _, *others = AUTHORS.column_names
    lacking = r"s3://w/run=r1/authors/layout=0/ lack name, role; their header is author_id, profile_url"
    with pytest.raises(ValueError, match=lacking):
        Plan.from_json(document(columns=[first, *others]))


def test_an_unknown_dataset_is_refused() -> None:
    with pytest.raises(ValueError, match="no dataset is named 'shelves'"):
        Plan.from_json(document(dataset="shelves"))


def test_a_file_has_a_number_and_is_found_below_its_layouts_prefix() -> None:
    (layout,) = Plan.from_json(document()).layouts
    file = planned("run=r1/authors/layout=0/00012-a.csv")
    assert file.number == 12
    assert layout.uri(file) == "s3://w/run=r1/authors/layout=0/00012-a.csv"
