"""`query --aws`, with an endpoint in AWS's place: plain boto3 clients, and AWS_ENDPOINT_URL in the environment."""

import csv

import boto3
import pytest
from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient
from typer.testing import CliRunner, Result

from operations.__main__ import app
from operations.errors import OperationError
from operations.warehouse import Warehouse
from tests.local_cloud.conftest import Endpoint

pytestmark = pytest.mark.usefixtures("endpoint", "signals")

DIGITS = "with d as (" + " union all ".join(f"select {digit} as n" for digit in range(10)) + ")"
ENDLESS = f"{DIGITS} select count(*) from {', '.join(f'd as d{number}' for number in range(16))}"


@pytest.fixture
def client(endpoint: Endpoint) -> RedshiftDataAPIServiceClient:
    assert endpoint.state.running()
    return boto3.client("redshift-data")


def ask(sql: str, *options: str) -> Result:
    return CliRunner().invoke(app, ["query", sql, "--aws", *options])


def newest_of(client: RedshiftDataAPIServiceClient, status: str) -> str:
    listed = client.list_statements(Status="ALL")["Statements"]
    return next(each["QueryString"] for each in listed if each["Status"] == status)


def test_the_answer_is_a_table_as_it_is_here() -> None:
    answer = ask("select 1 as one, 'Ursula K. Le Guin' as name, null as nothing")
    assert answer.exit_code == 0, answer.stderr
    for text in ("one", "name", "nothing", "Ursula K. Le Guin", "NULL"):
        assert text in answer.stdout


@pytest.mark.slow
def test_csv_has_every_row_of_every_page_and_an_empty_field_for_null() -> None:
    sql = f"{DIGITS} select a.n * 100 + b.n * 10 + c.n as n, null as nothing, 'a,\"b' as words from d as a, d as b, d as c, d as e order by 1"
    answer = ask(sql, "--csv")
    assert answer.exit_code == 0, answer.stderr
    header, *rows = csv.reader(answer.stdout.splitlines())
    assert header == ["n", "nothing", "words"]
    assert rows == [[str(number // 10), "", 'a,"b'] for number in range(10_000)]


def test_wrong_sql_is_told_in_one_line_with_redshifts_words() -> None:
    answer = ask("select * from no_such_table")
    assert (answer.exit_code, answer.stderr) == (
        1,
        'error: ERROR: relation "no_such_table" does not exist\n',
    )


def test_a_missing_region_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    answer = ask("select 1")
    assert answer.exit_code == 1
    assert answer.stderr == (
        "error: no region is given: set AWS_REGION, or AWS_PROFILE to a profile that has one\n"
    )


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS cannot be reached"),
        (
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            "no AWS credentials were found: set AWS_PROFILE",
        ),
        (
            {"AWS_SECRET_ACCESS_KEY": None},
            "the AWS credentials cannot be used (Partial credentials found in env",
        ),
        (
            {"AWS_PROFILE": "no-such-profile"},
            "The config profile (no-such-profile) could not be found: give --profile",
        ),
    ],
)
def test_why_aws_cannot_be_asked_is_told_with_what_to_do(
    variables: dict[str, str | None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    answer = ask("select 1")
    assert answer.exit_code == 1
    assert answer.stderr.startswith(f"error: {told}")
    assert answer.stderr.count("\n") == 1


def test_a_profile_that_does_not_exist_is_told_in_one_line() -> None:
    answer = ask("select 1", "--profile", "no-such-profile")
    assert answer.exit_code == 1
    assert "no-such-profile" in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_statement_over_its_time_is_cancelled_and_told(client: RedshiftDataAPIServiceClient) -> None:
    with pytest.raises(OperationError, match=r"took longer than 0\.1 s and was cancelled"):
        Warehouse(timeout=0.1).run(ENDLESS)
    assert newest_of(client, "ABORTED") == ENDLESS


@pytest.mark.slow
def test_ctrl_c_cancels_the_statement(client: RedshiftDataAPIServiceClient) -> None:
    sql = f"{ENDLESS} /* interrupted */"
    describe = client.describe_statement

    class Impatient:
        """The client of a person who presses Ctrl-C while the statement runs."""

        def __getattr__(self, operation: str) -> object:
            return getattr(client, operation)

        def describe_statement(self, **request: object) -> object:
            while describe(Id=str(request["Id"]))["Status"] != "STARTED":
                pass  # DescribeStatement itself waits
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Warehouse(client=Impatient()).run(sql)  # type: ignore[arg-type]
    assert newest_of(client, "ABORTED") == sql
