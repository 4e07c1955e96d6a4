import json
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import DATASETS, USERS, Type
from contract.checks import checks_key
from lambdas import check_quality
from lambdas.check_quality import Check, judge
from lambdas.shared.errors import DataQualityError
from sql import checks
from tests.lambdas.children import metrics_of
from tests.lambdas.warehouse import Ledger
from tests.lambdas.zones import LocalZones

VIOLATED = (
    "select 'authors' as table_name, 'name' as column_name, 'required' as rule, 2 as violations "
    "union all select 'books', '', 'rows_staged', 1 union all select 'users', 'user_id', 'unique', 0 order by 1"
)


pytestmark = pytest.mark.usefixtures("zones")


def event(stage: str, statement: str) -> dict[str, str]:
    return {"run_id": "r1", "stage": stage, "statement": statement}


def check(violations: Any, column_name: str = "author_id") -> Check:
    return Check("authors", column_name, "unique", cast("int", violations))


@given(st.lists(st.integers(0, 3), min_size=1))
def test_exactly_the_checks_that_count_violations_are_violated(counts: list[int]) -> None:
    found = [check(count, f"column_{number}") for number, count in enumerate(counts)]
    assert judge(found) == [one for one, count in zip(found, counts, strict=True) if count > 0]


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


def test_how_old_the_newest_record_is_is_told_in_words() -> None:
    old = Check("reviews", "record_create_timestamp", "freshness", 1, "warn", found=2474, expected=30)
    said = "the newest record of reviews was captured 2,474 days ago, expected at most 30"
    told = old.as_entry("CheckWarehouse")
    assert (str(old), told["says"], told["found"], told["expected"]) == (said, said, 2474, 30)
    kept = replace(old, violations=0, found=3).as_entry("CheckWarehouse")
    assert (kept["says"], kept["found"], kept["expected"]) == (None, 3, 30)


@pytest.mark.slow
def test_the_error_lists_what_is_violated_and_of_how_many_checks(ledger: Ledger) -> None:
    with pytest.raises(DataQualityError) as raised:
        check_quality.handler(event("AuditStaging", ledger.run(VIOLATED)), None)
    assert str(raised.value) == (
        "2 of 3 checks of AuditStaging are violated (rows): authors.name required: 2; books rows_staged: 1"
    )


def test_who_meets_too_many_rejects_is_told_what_to_do(ledger: Ledger) -> None:
    rejected = VIOLATED.replace("'required'", "'more_than_50_percent_rejected'")
    with pytest.raises(DataQualityError, match=r'start an execution with \{"accept_rejects": true\}$'):
        check_quality.handler(event("AuditStaging", ledger.run(rejected)), None)


@pytest.mark.slow
def test_the_warehouse_checks_pass_on_an_empty_warehouse_and_fail_on_a_wrong_ledger(ledger: Ledger) -> None:
    passed = check_quality.handler(
        event("CheckWarehouse", ledger.check(checks.warehouse_checks(), "r0")), None
    )
    assert passed["checks"] > 3 * len(DATASETS)
    ledger.publish("r1")
    with pytest.raises(DataQualityError) as raised:
        check_quality.handler(event("CheckWarehouse", ledger.check(checks.warehouse_checks(), "r1")), None)
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
        check_quality.handler(event("CheckWarehouse", ledger.check(checks.warehouse_checks(), "r1")), None)
    assert f"person {text} person" not in str(raised.value)
    ledger.run("delete from goodreads_warehouse.users")


@pytest.mark.slow
def test_the_number_of_violated_checks_is_a_metric_per_stage_also_when_there_are_none(ledger: Ledger) -> None:
    warning = (
        VIOLATED.replace(" 2 as violations", " 2 as violations, 'warn' as severity")
        .replace("', 1", "', 1, 'block'")
        .replace(", 0 order", ", 0, 'warn' order")
    )
    cases = [
        (VIOLATED, 2.0, 0.0),
        (warning, 1.0, 1.0),
        (f"select * from ({VIOLATED}) where violations = 0", 0.0, 0.0),
    ]
    for sql, violated, warned in cases:
        (blob,) = metrics_of("check_quality", event("AuditStaging", ledger.run(sql)))
        (directive,) = blob["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "Test"
        assert [sorted(names) for names in directive["Dimensions"]] == [["service", "stage"]]
        assert directive["Metrics"] == [
            {"Name": name, "Unit": "Count"} for name in ("ChecksViolated", "ChecksWarned")
        ]
        assert (blob["service"], blob["stage"]) == ("check_quality", "AuditStaging")
        assert (blob["ChecksViolated"], blob["ChecksWarned"]) == ([violated], [warned])


WARNED = (
    "select 'books' as table_name, 'authors' as column_name, 'reference' as rule, 'warn' as severity, 20 as rows_checked, "
    "3 as violations, 1 as allowed, '4, 7' as examples, 250 as milliseconds, '2 r0, 0 r00' as history"
)


def test_a_rule_that_warns_ends_no_run_and_is_returned_and_kept(zones: LocalZones, ledger: Ledger) -> None:
    ended = check_quality.handler(event("CheckWarehouse", ledger.run(WARNED)), None)
    assert ended == {"checks": 1, "warnings": ["books.authors reference: 3 (allowed 1)"]}
    assert kept(zones, "CheckWarehouse") == {
        "stage": "CheckWarehouse",
        "checks": [
            {
                "rule": "authors reference",
                "table": "books",
                "stage": "CheckWarehouse",
                "severity": "warn",
                "violations": 3,
                "limit": 1,
                "found": None,
                "expected": None,
                "says": None,
                "examples": ["4", "7"],
                "seconds": 0.25,
                "history": [{"run_id": "r00", "violations": 0}, {"run_id": "r0", "violations": 2}],
            }
        ],
    }


def test_a_warning_of_a_past_window_says_so(ledger: Ledger) -> None:
    ended = check_quality.handler(event("CheckPastAnalytics", ledger.run(WARNED)), None)
    assert ended["warnings"] == ["books.authors reference: 3 (allowed 1) of the past window"]


@pytest.mark.slow
def test_as_many_violations_as_are_allowed_violate_nothing(ledger: Ledger) -> None:
    allowed = WARNED.replace("3 as violations", "1 as violations")
    assert check_quality.handler(event("CheckWarehouse", ledger.run(allowed)), None) == {
        "checks": 1,
        "warnings": [],
    }


def test_the_results_are_kept_of_a_run_that_they_end_too(zones: LocalZones, ledger: Ledger) -> None:
    with pytest.raises(DataQualityError):
        check_quality.handler(event("AuditStaging", ledger.run(VIOLATED)), None)
    assert [each["violations"] for each in kept(zones, "AuditStaging")["checks"]] == [2, 1, 0]


def kept(zones: LocalZones, stage: str) -> dict[str, Any]:
    """The document that the function has left in the working zone."""
    found: dict[str, Any] = json.loads(
        zones.content(zones.environment.working_bucket, checks_key("r1", stage))
    )
    return found
