"""Each check of sql/quality notices what it is there to notice, counts it right, and nothing else does."""

from collections.abc import Callable

import pytest

from local_cloud.redshift.sql.dialect import to_duckdb
from local_cloud.redshift.sql.parsing import parse
from sql import checks
from stacks import ROOT
from tests.local_cloud.redshift.conftest import Session
from tests.sql import sound
from tests.sql.corruptions import (
    ANALYTICS,
    STAGING,
    WAREHOUSE,
    Check,
    Corruptions,
    corruptions,
    corruptions_at_once,
)
from tests.sql.engine import Result, filled

RULES = ROOT / "sql" / "quality"
MACHINERY = {"clear", "create_results", "drop_measures", "newest_run", "record", "results", "seconds"}
"""The files that keep results; the others count."""

BATCHES = {
    STAGING: checks.staging_checks(sound.REJECT_LIMITS),
    WAREHOUSE: checks.warehouse_checks(),
    ANALYTICS: checks.analytics_checks(sound.TOP),
}
NEVER_VIOLATED = {"arrived_late"}
Audit = Callable[..., dict[Check, Result]]


@pytest.fixture(scope="module")
def audit(session: Session) -> Audit:
    """Changes what is sound by statements and runs the checks of a stage, or all: their results. The changes are rolled back."""
    sound.fill(session)
    batches = {
        schema: [to_duckdb(tree) for sql in filled(batch) if (tree := parse(sql))]
        for schema, batch in BATCHES.items()
    }

    def run(*statements: str, only: str | None = None) -> dict[Check, Result]:
        found = {}
        with session.engine._warehouse.transaction() as transaction:  # noqa: SLF001  # it never commits
            for statement in statements:
                transaction.connection.execute(statement)
            for schema, batch in batches.items():
                if only not in (schema, None):
                    continue
                for statement in batch:
                    transaction.connection.execute(statement)
                for row in transaction.connection.fetchall():
                    result = Result(*row)
                    found[Check(schema, result.table, result.column, result.rule)] = result
        return found

    return run


@pytest.mark.slow
def test_a_sound_warehouse_violates_nothing(audit: Audit) -> None:
    assert {result.violations for result in audit().values()} == {0}


@pytest.mark.slow
@pytest.mark.parametrize("made", corruptions_at_once(), ids=str)
def test_exactly_the_violated_checks_count_the_violations_and_name_the_keys(
    audit: Audit, made: Corruptions
) -> None:
    violated = {
        check: (result.violations, result.examples)
        for check, result in audit(*made.statements, only=made.schema).items()
        if result.is_violated and made.concern(check)
    }
    assert violated == made.expected


@pytest.mark.slow
def test_every_check_and_every_file_has_a_corruption_that_violates_it(audit: Audit) -> None:
    cases = corruptions()
    assert {case.check for case in cases} == {check for check in audit() if check.rule not in NEVER_VIOLATED}
    assert {case.file for case in cases} | NEVER_VIOLATED | MACHINERY == {
        path.stem for path in RULES.glob("*.sql")
    }


def test_rows_without_a_key_lack_it_and_do_not_repeat_it(audit: Audit) -> None:
    table = f"{STAGING}.authors"
    lost = f"update {table} set author_id = null where author_id in (3, 4)"
    found = audit(f"alter table {table} alter column author_id drop not null", lost, only=STAGING)
    counts = {
        rule: found[Check(STAGING, "authors", "author_id", rule)].violations
        for rule in ("required", "unique")
    }
    assert counts == {"required": 2, "unique": 0}


def test_the_reviews_without_a_place_are_counted_and_not_their_subjects(audit: Audit) -> None:
    lost = f"update {WAREHOUSE}.reviews set author_id = 99 where review_id in (1, 3, 4, 6)"
    found = audit(lost, only=ANALYTICS)[Check(ANALYTICS, "reviews", "author_id", "unranked")]
    assert (found.violations, found.found) == (2, 3)


@pytest.mark.slow
def test_only_what_a_delivery_may_get_wrong_warns(audit: Audit) -> None:
    warning = {check.rule for check, result in audit().items() if result.severity == "warn"}
    assert warning == {
        "accepted",
        "arrived_late",
        "empty_share",
        "freshness",
        "pattern",
        "reference",
        "unranked",
        "updated_before_added",
        "volume",
    }
