"""`pipeline readers` on the local endpoint: what a reader can do, and what no longer."""

from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from local_cloud.identity import session
from operations.__main__ import app
from operations.errors import OperationError
from operations.warehouse import Warehouse
from sql import statements
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.roles import role

pytestmark = pytest.mark.usefixtures("signals")

AUTHORS = "select count(*) as n from goodreads_warehouse.authors"


@pytest.fixture(scope="module")
def analyst(endpoint: Endpoint) -> Warehouse:
    """The warehouse for somebody who has the IAM role `analysts` and names no database user."""
    assert endpoint.state.running()
    Warehouse().run(*statements.create_tables(), *statements.create_staging())
    keys = session(role("analysts", "ec2.amazonaws.com"), "ada")
    client: Any = boto3.client(
        "redshift-data",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )
    return Warehouse(user=None, client=client)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["readers", *arguments, "--aws"], env={"COLUMNS": "200"})


def refused(reader: Warehouse, sql: str) -> str:
    with pytest.raises(OperationError) as raised:
        reader.run(sql)
    return str(raised.value)


@pytest.mark.slow
def test_a_reader_reads_tables_old_and_new_writes_none_and_sees_no_staging(analyst: Warehouse) -> None:
    assert refused(analyst, AUTHORS) == "ERROR: permission denied for schema goodreads_warehouse"
    added = call("add", "analysts", "--role")
    assert added.exit_code == 0, added.output
    assert (
        "IAMR:analysts can read goodreads_warehouse, goodreads_analytics and goodreads_past." in added.stdout
    )
    assert "ReadersPolicyArn of the stack goodreads-warehouse" in added.stdout

    assert analyst.run(AUTHORS) == (["n"], [(0,)])
    Warehouse().run(
        "drop table goodreads_analytics.best_books", "create table goodreads_analytics.best_books (n integer)"
    )
    assert analyst.run("select n from goodreads_analytics.best_books") == (["n"], [])
    assert refused(analyst, "delete from goodreads_warehouse.authors").endswith("denied for relation authors")
    assert refused(analyst, "select * from goodreads_staging.authors").endswith(
        "denied for schema goodreads_staging"
    )


@pytest.mark.slow
@pytest.mark.usefixtures("analyst")
def test_adding_a_reader_twice_and_removing_one_twice_is_told_or_harmless() -> None:
    for _ in range(2):
        assert call("add", "ada").exit_code == 0
    assert "IAM:ada" in call("list").stdout
    removed = call("remove", "ada")
    assert (removed.exit_code, "IAM:ada can no longer read" in removed.stdout) == (0, True)
    assert "IAM:ada" not in call("list").stdout
    again = call("remove", "ada")
    assert (again.exit_code, again.stderr) == (
        1,
        "error: IAM:ada is no reader; `pipeline readers list` shows who is\n",
    )


@pytest.mark.slow
def test_who_is_removed_reads_no_longer(analyst: Warehouse) -> None:
    call("add", "analysts", "--role")
    assert analyst.run(AUTHORS)[1] == [(0,)]
    call("remove", "analysts", "--role")
    assert refused(analyst, AUTHORS) == "ERROR: permission denied for schema goodreads_warehouse"


@pytest.mark.parametrize("name", [(), ('ada"; drop schema x',), ("path/ada",), ("a" * 65,)])
def test_a_name_that_iam_cannot_have_is_refused(analyst: Warehouse, name: tuple[str, ...]) -> None:
    assert analyst.user is None
    answer = call("add", *name)
    assert answer.exit_code == 1
    assert "expected the name of an IAM user" in answer.stderr


@pytest.mark.usefixtures("analyst")
def test_a_query_that_is_refused_names_the_way_out() -> None:
    answer = CliRunner().invoke(app, ["query", AUTHORS, "--aws"])
    assert answer.exit_code == 1
    assert answer.stderr.startswith("error: ERROR: permission denied for schema goodreads_warehouse.")
    assert "`pipeline readers add NAME --aws` lets an IAM user or role read" in answer.stderr


@pytest.mark.usefixtures("analyst")
def test_a_query_can_be_asked_as_another_user() -> None:
    refusal = CliRunner().invoke(app, ["query", "select 1 as one", "--aws", "--user", "nobody"])
    assert refusal.stderr == 'error: FATAL: user "IAM:nobody" does not exist\n'
