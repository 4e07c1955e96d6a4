"""Every statement is lint-free Redshift SQL as it is sent, names filled in."""

import re

import pytest
import sqlfluff

from catalog import REVIEWS, USERS
from local_cloud.redshift.sql.parsing import parse
from sql import checks, explaining, forgetting, rights, statements
from sql.rankings import GROUPS, RANKINGS, TABLES
from stacks import ROOT
from tests.sql.test_open_contract import queries

BOUND_PARAMETER = re.compile(r"(?<=[ (]):(\w+)")  # sqlfluff's Redshift does not know them
CONFIG = str(ROOT / ".sqlfluff")

BATCHES = {
    "create_warehouse": statements.create_warehouse(),
    "record_catalog": [statements.record_catalog({"goodreads_warehouse.books": {"title": "varchar(9)"}})],
    "migration_steps": [
        step.format(table="goodreads_warehouse.books", column="title", type="varchar(9)")
        for step in statements.MIGRATION_STEPS.values()
    ],
    "prepare_warehouse": rights.prepare_warehouse(),
    "create_user": [rights.create_user("goodreads_pipeline")],
    "hand_over": rights.hand_over("goodreads_pipeline", "goodreads"),
    "add_reader": rights.add_reader("IAM:ada", set(), set()),
    "remove_reader": rights.remove_reader("IAM:ada"),
    "listed": [rights.users(), rights.roles(), rights.readers()],
    "create_staging": statements.create_staging(),
    "match_ledger": statements.match_ledger(
        "s3://working/run=x/landed.csv", "arn:aws:iam::123456789012:role/copy"
    ),
    "load_staging": statements.load_staging("s3://processed/run=x", "arn:aws:iam::123456789012:role/copy"),
    "publish": statements.publish(),
    "rebuild": statements.rebuild(REVIEWS),
    "forget": forgetting.forget(USERS, {"users", "reviews"}),
    "files_of": [statements.files_of(REVIEWS)],
    "landed_again": [statements.landed_again(REVIEWS, ["run_0", "run_1"])],
    "read_ledger": [statements.read_ledger()],
    "rows": [
        statements.rows(
            "goodreads_warehouse.books",
            {"book_id": "bigint", "title": "varchar(1024)", "description": "varchar(65535)"},
        )
    ],
    "set_window": [statements.set_window()],
    "explain": [
        explaining.columns(),
        explaining.row(REVIEWS, names_its_run=True),
        explaining.runs(REVIEWS),
        explaining.forgotten(),
        explaining.place(RANKINGS["books"].tables[0]),
        explaining.flag(TABLES[-1]),
        explaining.measured(REVIEWS),
    ],
    "review_span": [statements.review_span()],
    "current_window": [statements.current_window()],
    "leaders": [statements.leaders()],
    "places": [statements.places(table) for table in TABLES if table.has_places],
    **{f"rank_{name}": statements.analytics(tables, top=10) for name, tables in GROUPS.items()},
    "tell_analytics": [statements.tell_analytics()],
    "staging_checks": checks.staging_checks(dict.fromkeys(("authors", "books", "reviews", "users"), 50)),
    "warehouse_checks": checks.warehouse_checks(),
    "newest_run": [checks.newest_run()],
    "analytics_checks": checks.analytics_checks(top=10),
    "contract": [
        rule["query"]
        for name in ("reviews user_id reference", "books num_pages range")
        for _, rule in queries(name)
    ],
}


@pytest.mark.parametrize("name", BATCHES)
def test_no_statement_converts_a_column_without_a_type(name: str) -> None:
    """`parse` refuses one that does, and what else Redshift does not read."""
    for sql in BATCHES[name]:
        parse(sql)


@pytest.mark.slow
@pytest.mark.parametrize("name", BATCHES)
def test_statements_are_lint_free_redshift_sql(name: str) -> None:
    sql = ";\n\n".join(BATCHES[name]) + ";\n"
    bound = BOUND_PARAMETER.sub(
        r"upper('\1')", sql.replace(f"'{checks.ACCEPT_REJECTS}'", ":accept_rejects")
    )  # a literal would be a constant expression

    found = sqlfluff.lint(bound, config_path=CONFIG)

    assert [f"{f['start_line_no']}: {f['code']} {f['description']}" for f in found] == []
