"""A statement belongs to the role that submitted it: for every other caller it does not exist."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud.identity import session as session_of
from tests.local_cloud.redshift.conftest import CLUSTER
from tests.local_cloud.roles import role

SQL = "select 7 as answer"


@pytest.fixture(scope="module")
def roles(client: Any) -> dict[str, str]:
    """ARNs of two roles that may do anything with every statement of their own."""
    assert client
    return {name: role(name, "lambda.amazonaws.com") for name in ("submits", "reads")}


def client_of(role_arn: str, name: str = "any") -> Any:
    """A client in a new session of the role."""
    keys = session_of(role_arn, name)
    return boto3.client(
        "redshift-data",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )


def submitted(client: Any, **request: Any) -> str:
    """The id of a statement that has ended."""
    sent = client.execute_statement(**CLUSTER, Sql=SQL, WaitTimeSeconds=30, **request)
    assert sent["Status"] == "FINISHED"
    return str(sent["Id"])


def test_another_session_of_the_role_reads_the_statement(roles: dict[str, str]) -> None:
    statement = submitted(client_of(roles["submits"], "first"))
    later = client_of(roles["submits"], "later")
    assert later.describe_statement(Id=statement)["Status"] == "FINISHED"
    assert later.get_statement_result(Id=statement)["Records"] == [[{"longValue": 7}]]


def test_for_another_role_and_for_an_administrator_the_statement_does_not_exist(
    roles: dict[str, str], client: Any
) -> None:
    statement = submitted(client_of(roles["submits"]))
    for caller in (client_of(roles["reads"]), client):
        for ask in (caller.describe_statement, caller.get_statement_result, caller.cancel_statement):
            with pytest.raises(ClientError) as refused:
                ask(Id=statement)
            assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
            assert refused.value.response["Error"]["Message"] == "Query does not exist."


def test_the_list_holds_the_statements_of_the_role_or_of_one_session(roles: dict[str, str]) -> None:
    first, later = (client_of(roles["submits"], name) for name in ("first", "later"))
    statement = submitted(first, StatementName="listed")

    def listed(client: Any, **request: Any) -> list[str]:
        found = client.list_statements(StatementName="listed", **request)["Statements"]
        return [each["Id"] for each in found]

    assert listed(first, RoleLevel=False) == listed(later) == listed(later, RoleLevel=True) == [statement]
    assert listed(later, RoleLevel=False) == listed(client_of(roles["reads"])) == []


def test_a_token_of_one_role_is_not_one_of_another(roles: dict[str, str]) -> None:
    own, foreign = (client_of(roles[name]) for name in ("submits", "reads"))
    statement = submitted(own, ClientToken="token")
    assert submitted(own, ClientToken="token") == statement
    assert submitted(foreign, ClientToken="token") != statement
