"""Each check of sql/quality notices what it is there to notice, counts it right, and nothing else does."""

from collections.abc import Callable

import pytest

from local_cloud.redshift.sql.dialect import to_duckdb
from local_cloud.redshift.sql.parsing import parse
from sql import checks
from stacks import ROOT
from tests.local_cloud.redshift.conftest import Session
from tests.sql import sound
from tests.sql.corruptions import ANALYTICS, STAGING, WAREHOUSE, Check, Corruption, corruptions

RULES = ROOT / "sql" / "quality"
QUERIES = {
    STAGING: checks.staging_checks(sound.REJECT_LIMITS),
    WAREHOUSE: checks.warehouse_checks(),
    ANALYTICS: checks.analytics_checks(sound.TOP),
}

Audit = Callable[..., dict[Check, int | None]]


@pytest.fixture(scope="module")
def audit(session: Session) -> Audit:
    """Changes what is sound by statements and runs all checks: what they count. The changes are rolled back."""
    sound.fill(session)
    queries = {schema: to_duckdb(tree) for schema, sql in QUERIES.items() if (tree := parse(sql))}

    def run(*statements: str) -> dict[Check, int | None]:
        with session.engine._warehouse.transaction() as transaction:  # noqa: SLF001  # it never commits
            for statement in statements:
                transaction.connection.execute(statement)
            return {
                Check(schema, table, column, rule): violations
                for schema, query in queries.items()
                for table, column, rule, violations, *_ in transaction.connection.execute(
                    query, {"accept_rejects": "false"} if schema == STAGING else {}
                ).fetchall()
            }

    return run


def test_a_sound_warehouse_violates_nothing(audit: Audit) -> None:
    assert set(audit().values()) == {0}


@pytest.mark.parametrize("corruption", corruptions(), ids=str)
def test_exactly_the_violated_check_counts_the_violations(audit: Audit, corruption: Corruption) -> None:
    violated = {
        check: violations for check, violations in audit(*corruption.statements).items() if violations != 0
    }
    assert violated == {corruption.check: corruption.violations}


def test_every_check_and_every_file_has_a_corruption_that_violates_it(audit: Audit) -> None:
    cases = corruptions()
    assert {case.check for case in cases} == set(audit())
    assert {case.file for case in cases} == {path.stem for path in RULES.glob("*.sql")}
