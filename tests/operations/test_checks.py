"""`pipeline checks` as a person calls it, from the file of the warehouse."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from local_cloud.redshift import RedshiftEngine
from local_cloud.state import StateFolder
from operations.__main__ import app
from sql import statements
from tests.local_cloud.redshift.conftest import Session
from tests.operations.documented import answered

_NAMES = (
    "run_id, stage, table_name, column_name, rule, severity, rows_checked, violations, allowed, found, expected, examples, "
    "milliseconds, checked_at"
)
_RESULTS = (
    "('r1', 'CheckWarehouse', 'books', 'authors', 'reference', 'warn', 40, 1, 2, null, null, '4', 20, timestamp '2020-02-18')",
    "('r2', 'CheckWarehouse', 'books', 'authors', 'reference', 'warn', 40, 3, 2, null, null, '4, 5, 6', 20, timestamp '2020-02-19')",
    "('r2', 'AuditStaging', 'users', 'user_id', 'unique', 'block', 9, 0, 0, null, null, '', 20, timestamp '2020-02-19')",
)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of two runs; the newer one violates a rule that warns."""
    folder = StateFolder(tmp_path_factory.mktemp("state"))
    with RedshiftEngine(folder.warehouse, folder.buckets) as engine:
        session = Session(engine)
        session.run(*statements.create_tables())
        session.run(
            f"insert into goodreads_warehouse.quality_results ({_NAMES}) values {', '.join(_RESULTS)}"
        )
    return folder.root


def checks(state: Path, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["checks", *arguments, "--state", str(state)])


def test_the_newest_run_is_shown_with_keys_and_the_runs_before(state: Path) -> None:
    shown = checks(state)
    assert shown.exit_code == 0, shown.output
    (row,) = (line for line in shown.output.splitlines() if "authors reference" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == ["warn", "warehouse.books", "authors reference", "3", "2", "", "", "4, 5, 6", "1"]
    assert "unique" not in shown.output
    assert "1 of 2 rules violated in run r2; --all shows the others, too" in shown.output


@pytest.mark.slow
def test_all_rules_are_shown_and_an_older_run_when_asked_for(state: Path) -> None:
    assert "user_id unique" in checks(state, "--all").output
    assert "0 of 1 rule violated in run r1" in checks(state, "r1").output


def test_the_same_is_told_as_json(state: Path) -> None:
    found = answered("checks", checks(state, "--json"))
    assert found == {
        "run_id": "r2",
        "rules": 2,
        "violated": 1,
        "checks": [
            {
                "rule": "authors reference",
                "table": "books",
                "stage": "CheckWarehouse",
                "severity": "warn",
                "violations": 3,
                "limit": 2,
                "found": None,
                "expected": None,
                "says": None,
                "examples": ["4", "5", "6"],
                "seconds": 0.02,
                "history": [{"run_id": "r1", "violations": 1}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("r9", "the run r9 has checked nothing: `pipeline status` lists the runs"),
        ("r'; --", "is not the name of a run"),
    ],
)
def test_a_run_without_results_is_told(state: Path, run: str, message: str) -> None:
    refused = checks(state, run)
    assert refused.exit_code == 1
    assert message in " ".join(refused.output.split())
