import json

import pytest

from catalog import AUTHORS, USERS
from spark_jobs.plan import Layout, layouts_of

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
