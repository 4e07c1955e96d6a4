"""The mistakes of the system that this one replaces: each test would have caught the one it is named after."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from catalog import DATASETS, Type
from sql import checks, statements
from sql.rankings import GROUPS, RANKINGS, TABLES, Ranking
from sql.template import render
from stacks import ROOT
from tests.local_cloud.redshift.conftest import Session
from tests.spark_jobs.workbench import Workbench
from tests.sql.engine import checked
from tests.sql.staged import Staged, Version
from tests.stacks.deployments import Deployment
from tests.stacks.state_machine import StateMachine

ROLE = "arn:aws:iam::123456789012:role/copy"
NAMES = [dataset.name for dataset in DATASETS]
LIMITS = dict.fromkeys(NAMES, 50)


def every_statement() -> Iterator[str]:
    yield from statements.match_ledger("s3://working/landed.csv", ROLE)
    yield from statements.load_staging("s3://processed", ROLE)
    yield from statements.publish()
    yield from (statements.read_ledger(), statements.set_window(), statements.review_span())
    for tables in GROUPS.values():
        yield from statements.analytics(tables, 10)
    for batch in (checks.staging_checks(LIMITS), checks.warehouse_checks(), checks.analytics_checks(10)):
        yield from batch


def violations(session: Session, batch: Sequence[str]) -> dict[tuple[str, str, str], int | None]:
    """What the checks that block count, by table, column and rule."""
    return {
        (result.table, result.column, result.rule): result.violations
        for result in checked(session, batch)
        if result.severity == "block"
    }


@pytest.mark.spark
def test_rows_that_tie_on_the_newest_timestamp_are_not_all_kept(bench: Workbench) -> None:
    bench.land_rows("authors", {"name": "one"}, {"name": "two"}, {"name": "three"})
    bench.run()
    assert len(bench.staged("authors", "author_id")) == 1


@pytest.mark.slow
def test_an_older_batch_does_not_overwrite_newer_rows(staged: Staged) -> None:
    for run, captured in (("r1", 12), ("r2", 8)):
        staged.stage(run, [Version(1, captured, 0)], token=int(run[1:]))
        staged.publish(run)
    assert staged.authors() == [(1, "author 1 of 0", "2020-02-19 12:00:00", 0)]


@pytest.mark.spark
def test_no_reader_has_lost_its_quoting_options(bench: Workbench) -> None:
    text = 'a "quoted" word, a comma\nand a line'
    texts = {
        dataset.name: next(column.name for column in dataset.columns if column.type is Type.TEXT)
        for dataset in DATASETS
    }
    for name, column in texts.items():
        bench.land_rows(name, {column: text})
    bench.run()
    for name, column in texts.items():
        assert bench.staged(name, column) == [{column: 'a "quoted" word, a comma and a line'}]


def test_no_table_has_statements_of_its_own() -> None:
    def shape(sql: str, name: str, key: str) -> str:
        columns = r"(?m)^ {4,12}\w+( = staged\.\w+)?,?$|^ {4}staged\.\w+,?$"
        return re.sub(columns, "", sql.replace(name, "<table>").replace(key, "<key>"))

    for kind in ("insert into goodreads_warehouse.ledger (", "delete from", "merge into"):
        # reviews are left out for their users' sake too: that is a statement more
        published = [sql for sql in statements.publish() if kind in sql and "left_out" not in sql]
        shapes = {
            re.sub(r"\n+", "\n", shape(sql, dataset.name, dataset.key))
            for sql, dataset in zip(published, DATASETS, strict=True)
        }
        assert len(shapes) == 1, kind


def test_no_schema_is_inferred_and_no_python_function_runs_per_row() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "spark_jobs").rglob("*.py"))
    assert not re.search(r"inferSchema|\budf\b|pandas_udf|\.rdd\b", source)


@pytest.mark.spark
def test_the_time_zone_of_a_date_is_kept_and_an_empty_date_is_fine(bench: Workbench) -> None:
    bench.land_rows(
        "reviews", {"review_added_date": "Wed Feb 19 18:36:17 -0800 2020", "review_updated_date": ""}
    )
    bench.run()
    (row,) = bench.staged("reviews", "review_added_date", "review_updated_date")
    assert row["review_added_date"].isoformat().startswith("2020-02-20T02:36:17")
    assert row["review_updated_date"] is None


@pytest.mark.slow
def test_nothing_deletes_from_the_working_zone_and_landing_is_emptied_after_the_publish(
    deployment: Deployment,
) -> None:
    rights = [
        statement
        for policy in deployment.properties("pipeline", "IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "s3:Delete" in str(statement["Action"])
    ]
    assert rights
    assert "Working" not in str(rights)
    machine = StateMachine.of(deployment)
    assert "AcknowledgeLanding" in machine.reachable("PublishWarehouse", errors=False)
    assert "AcknowledgeLanding" not in machine.reachable(
        machine.definition["StartAt"], without=["PublishWarehouse"]
    )


def test_a_lost_placeholder_is_an_error_and_no_name_is_missing_in_a_statement() -> None:
    with pytest.raises(KeyError, match="table"):
        render("drop_table.sql", schema="goodreads_staging")
    for sql in every_statement():
        assert not re.search(
            r"(?:^|\s)\.\w|\$\w|\b\w+\.(?:\s|$)", re.sub(r"(?m)^\s*--.*$|'[^']*'", "", sql)
        ), sql


@pytest.mark.slow
def test_no_check_passes_whatever_the_tables_hold(session: Session, staged: Staged) -> None:
    staged.empty()
    for dataset in DATASETS:
        values = ", ".join("cast('2020-02-19' as timestamp)" if "TIMESTAMP" in column.type.name
                           else "false" if column.type is Type.BOOLEAN
                           else "'x'" if column.type is Type.TEXT
                           else "-5" for column in dataset.warehouse_columns)  # fmt: skip
        for _ in range(2):
            session.run(f"insert into goodreads_warehouse.{dataset.name} values ({values})")
    found = violations(session, checks.warehouse_checks())
    passed = {check for check, count in found.items() if not count}
    required = {(table, column, rule) for table, column, rule in found if rule == "required"}
    years = {check for check in found if check[1] in ("publication_year", "published")}  # -5 is a year
    assert passed == required | years  # the tables themselves refuse what lacks a required value
    with pytest.raises(AssertionError, match="Cannot insert a NULL value into column author_id"):
        session.run("insert into goodreads_warehouse.authors (name) values ('nobody')")
    staged.empty()


def asked_for(ranking: Ranking) -> list[str]:
    """The tables that the original has, too."""
    return [ranking.by_count, ranking.by_rating, ranking.best]


def test_running_the_analytics_again_does_not_add_another_copy(session: Session) -> None:
    session.run(
        "insert into goodreads_warehouse.authors (author_id, record_create_timestamp, record_hash) "
        "values (1, cast('2020-02-19' as timestamp), 0)"
    )
    session.run(
        "insert into goodreads_warehouse.reviews "
        "(review_id, author_id, review_rating, record_create_timestamp, record_hash) "
        "values (1, 1, 4, cast('2020-02-19' as timestamp), 0), (2, 1, 5, cast('2020-02-19' as timestamp), 0)"
    )
    session.run(statements.set_window(), window_start="2020-02-01", window_end="2020-03-01")
    for _ in range(2):
        session.run(*statements.analytics(RANKINGS["authors"].tables, 10))
        for table in asked_for(RANKINGS["authors"]):
            assert session.rows(f"select author_id, review_count from goodreads_analytics.{table}") == [
                (1, 2)
            ]


def test_no_date_is_written_into_the_sql() -> None:
    dates = {
        date for path in (ROOT / "sql").rglob("*.sql") for date in re.findall(r"\d{4}-\d\d", path.read_text())
    }
    assert dates == {"1970-01"}  # the window before the first run


def test_the_best_are_chosen_after_the_tables_they_are_chosen_from() -> None:
    for ranking in RANKINGS.values():
        filled = [
            match[1]
            for sql in statements.analytics(ranking.tables, 10)
            if (match := re.search(r"insert into goodreads_analytics\.(\w+)", sql))
        ]
        assert filled[:3] == asked_for(ranking)


def test_an_average_rating_is_no_whole_number(session: Session) -> None:
    for ranking in RANKINGS.values():
        for table in asked_for(ranking):
            (kind,) = session.rows(
                "select data_type from information_schema.columns where table_schema = 'goodreads_analytics' "
                f"and table_name = '{table}' and column_name = 'average_review_rating'"
            )[0]
            assert kind.lower().startswith(("decimal", "numeric"))


@pytest.mark.slow
def test_no_table_is_checked_twice_none_never_and_none_by_its_row_count_alone(session: Session) -> None:
    stages: list[tuple[list[str], dict[str, set[str]]]] = [
        (checks.warehouse_checks(), {name: {"unique", "required", "range", "ledger"} for name in NAMES}),
        (checks.analytics_checks(10), {table.name: {"unique", *table.rules} for table in TABLES}),
    ]
    for batch, tables in stages:
        found = [each[:3] for each in checked(session, batch) if each.severity == "block"]
        assert len(set(found)) == len(found)
        assert {table for table, _, _ in found} == set(tables)
        for table, rules in tables.items():
            assert len(rules) > 1
            assert rules <= {rule for name, _, rule in found if name == table}


def test_staging_is_spread_over_the_nodes_and_every_text_has_a_width() -> None:
    created = [sql for sql in statements.create_staging() if sql.startswith("create table")]
    for sql in created[: len(NAMES)]:
        assert re.search(r"\ndistkey \(\w+\)\n", sql)
    for sql in every_statement():
        assert not re.search(r"varchar(?!\s*\(\d+\))", re.sub(r"(?m)^--.*$", "", sql))


def test_a_title_and_an_address_longer_than_256_bytes_fit(session: Session) -> None:
    title, url = "ä" * 300, "https://" + "a" * 600
    session.run(
        "insert into goodreads_staging.books (book_id, title, book_url, record_create_timestamp, record_hash) "
        "values (1, :title, :url, cast('2020-02-19' as timestamp), 0)",
        title=title,
        url=url,
    )
    assert session.rows("select title, book_url from goodreads_staging.books") == [(title, url)]
    session.run("delete from goodreads_staging.books")


def test_no_file_of_the_repository_holds_a_key_or_reads_a_password() -> None:
    files = [
        path
        for folder in ("contract", "lambdas", "spark_jobs", "stacks", "local_cloud", "operations", "sql")
        for path in _text(ROOT / folder)
    ]
    for path in [*files, ROOT / "cdk.json", ROOT / "app.py"]:
        found: list[Any] = re.findall(
            r"AKIA[0-9A-Z]{16}|(?i:configparser|(?:password|secret_access_key)\s*=\s*[\"'])", path.read_text()
        )
        assert found == [], path


def _text(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix in (".py", ".sql"))
