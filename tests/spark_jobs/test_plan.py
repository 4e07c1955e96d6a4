import json

import pytest

from catalog import AUTHORS, USERS
from spark_jobs.plan import Layout, PlannedFile, files_of, layouts_of
from spark_jobs.reading import Source, sources_of

NAMES = list(AUTHORS.column_names)


def plan(*layouts: dict[str, object]) -> str:
    return json.dumps({"run_id": "r", "layouts": layouts, "copies": 3})


def test_a_plan_lists_layouts_in_its_order() -> None:
    users = [*reversed(USERS.column_names), "more"]

    assert layouts_of(
        plan(
            {"dataset": "users", "columns": users, "prefix": "s3://w/u/"},
            {"dataset": "authors", "columns": NAMES, "prefix": "s3://w/a/", "bytes": 1},
        ),
        run_id="r",
    ) == [
        Layout(dataset=USERS, columns=tuple(users), prefix="s3://w/u/"),
        Layout(dataset=AUTHORS, columns=tuple(NAMES), prefix="s3://w/a/"),
    ]


def test_another_runs_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="belongs to run r, not to other"):
        layouts_of(plan(), run_id="other")


def test_a_layout_that_lacks_a_column_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="s3://w/a/ lack name, role; their header is author_id, profile_url"):
        layouts_of(
            plan({"dataset": "authors", "columns": [NAMES[0], *NAMES[3:]], "prefix": "s3://w/a/"}), run_id="r"
        )


def test_an_unknown_dataset_is_refused() -> None:
    with pytest.raises(ValueError, match="no dataset is named 'shelves'"):
        layouts_of(plan({"dataset": "shelves", "columns": NAMES, "prefix": "s3://w/s/"}), run_id="r")


def planned(target: str, dataset: str | None = "authors") -> PlannedFile:
    return PlannedFile(key=target, etag="e", size=1, target=target, dataset=dataset, problem=None)


AUTHORS_LAYOUT = Layout(dataset=AUTHORS, columns=tuple(NAMES), prefix="s3://w/run=r/authors/layout=0/")


def test_a_file_is_listed_with_its_number_and_found_below_its_layouts_prefix() -> None:
    entry = {
        "key": "in/a.csv",
        "etag": "e",
        "size": 3,
        "target": "run=r/authors/layout=0/00012-a.csv",
        "dataset": "authors",
        "problem": None,
        "parts": [],
    }
    (file,) = files_of(json.dumps({"files": [entry]}))

    assert (file.key, file.number) == ("in/a.csv", 12)
    assert AUTHORS_LAYOUT.uris(file) == ["s3://w/run=r/authors/layout=0/00012-a.csv"]


def test_sources_leave_out_what_is_empty_or_was_quarantined() -> None:
    usable = planned("run=r/authors/layout=0/00001-a.csv")
    aside = [planned("run=r/empty/00002-b.csv"), planned("run=r/files/00003-c.txt", dataset=None)]

    assert sources_of([AUTHORS_LAYOUT], [*aside, usable], run_id="r") == [
        Source(layout=AUTHORS_LAYOUT, files=(usable,))
    ]


def test_a_file_that_no_layout_would_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no layout of authors for run=r/authors/layout=1/00001-a\.csv"):
        sources_of([AUTHORS_LAYOUT], [planned("run=r/authors/layout=1/00001-a.csv")], run_id="r")
