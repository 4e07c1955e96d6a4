from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import DATASETS, USERS, Type
from lambdas import check_quality
from lambdas.check_quality import Check, judge
from lambdas.shared.errors import DataQualityError
from sql import checks
from tests.lambdas.children import metrics_of
from tests.lambdas.warehouse import Ledger

VIOLATED = (
    "select 'authors' as dataset, 'name' as column_name, 'required' as rule, 2 as violations "
    "union all select 'books', '', 'rows_staged', 1 union all select 'users', 'user_id', 'unique', 0 order by 1"
)


def check(violations: Any, column_name: str = "author_id") -> Check:
    return Check("authors", column_name, "unique", cast("int", violations))


@given(st.lists(st.integers(0, 3), min_size=1))
def test_exactly_the_checks_that_count_violations_are_violated(counts: list[int]) -> None:
    found = [check(count, f"column_{number}") for number, count in enumerate(counts)]
    assert judge(found) == [one for one in found if one.violations > 0]


@pytest.mark.parametrize("violations", [1, -1, None])
def test_no_check_is_always_true(violations: int | None) -> None:
    assert judge([check(0), check(violations), check(0)]) == [check(violations)]


def test_no_check_at_all_is_not_a_pass() -> None:
    with pytest.raises(DataQualityError, match="no checks at all; expected one row per check"):
        judge([])


@pytest.mark.parametrize(
    ("one", "text"), [(check(2), "authors.author_id unique: 2"), (check(1, ""), "authors unique: 1")]
)
def test_a_check_is_told_by_table_column_rule_and_number(one: Check, text: str) -> None:
    assert str(one) == text


def test_the_error_lists_what_is_violated_and_of_how_many_checks(ledger: Ledger) -> None:
    with pytest.raises(DataQualityError) as raised:
        check_quality.handler({"stage": "AuditStaging", "statement": ledger.run(VIOLATED)}, None)
    assert str(raised.value) == (
        "2 of 3 checks of AuditStaging are violated (rows): authors.name required: 2; books rows_staged: 1"
    )


def test_who_meets_too_many_rejects_is_told_what_to_do(ledger: Ledger) -> None:
    rejected = VIOLATED.replace("'required'", "'more_than_50_percent_rejected'")
    with pytest.raises(DataQualityError, match=r'start an execution with \{"accept_rejects": true\}$'):
        check_quality.handler({"stage": "AuditStaging", "statement": ledger.run(rejected)}, None)


def test_the_warehouse_checks_pass_on_an_empty_warehouse_and_fail_on_a_wrong_ledger(ledger: Ledger) -> None:
    passed = check_quality.handler(
        {"stage": "CheckWarehouse", "statement": ledger.run(checks.warehouse_checks())}, None
    )
    assert passed["checks"] > 3 * len(DATASETS)
    ledger.publish("r1")
    with pytest.raises(DataQualityError) as raised:
        check_quality.handler(
            {"stage": "CheckWarehouse", "statement": ledger.run(checks.warehouse_checks())}, None
        )
    for dataset in DATASETS:
        assert f"{dataset.name} ledger: 1 (found 0, expected 1)" in str(raised.value)
        assert f"`pipeline rebuild {dataset.name}`" in str(raised.value)


@pytest.mark.slow
@settings(max_examples=20)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=3, max_size=40))
def test_what_a_table_holds_about_a_person_is_in_no_message_of_a_violated_check(
    ledger: Ledger, text: str
) -> None:
    """Every text of a user, and a user without a row in the ledger, twice, without a version and out of range."""
    texts = [column.name for column in USERS.columns if column.type is Type.TEXT]
    ledger.run("delete from goodreads_warehouse.users")
    for _ in range(2):
        ledger.run(
            f"insert into goodreads_warehouse.users (user_id, {', '.join(texts)}, record_create_timestamp, record_hash) "
            f"values (-7, {', '.join([':text'] * len(texts))}, getdate(), 1)",
            text=f"person {text} person",
        )
    with pytest.raises(DataQualityError, match=r"users ledger: \d.* users\.user_id range: 2") as raised:
        check_quality.handler(
            {"stage": "CheckWarehouse", "statement": ledger.run(checks.warehouse_checks())}, None
        )
    assert f"person {text} person" not in str(raised.value)
    ledger.run("delete from goodreads_warehouse.users")


def test_the_number_of_violated_checks_is_a_metric_per_stage_also_when_there_are_none(ledger: Ledger) -> None:
    for sql, violated in [(VIOLATED, 2.0), (f"select * from ({VIOLATED}) where violations = 0", 0.0)]:
        (blob,) = metrics_of("check_quality", {"stage": "AuditStaging", "statement": ledger.run(sql)})
        (directive,) = blob["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "Test"
        assert [sorted(names) for names in directive["Dimensions"]] == [["service", "stage"]]
        assert directive["Metrics"] == [{"Name": "ChecksViolated", "Unit": "Count"}]
        assert (blob["service"], blob["stage"]) == ("check_quality", "AuditStaging")
        assert blob["ChecksViolated"] == [violated]
