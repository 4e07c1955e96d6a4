"""Reads the result of a finished Data API statement, under the role that submitted the statement."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
from botocore.credentials import (
    AssumeRoleProvider,
    CanonicalNameCredentialSourcer,
    CredentialResolver,
    EnvProvider,
)
from botocore.session import get_session

from contract.ledger import LedgerLine
from lambdas.shared.environment import Environment

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

_PROFILE = "statements"
_FILE = "file_key"


def read_rows(statement: str) -> Iterator[dict[str, Any]]:
    """Each row of the statement's result as {column: value}, over all pages."""
    client = _client(Environment.read().statements_role_arn)
    for page in client.get_paginator("get_statement_result").paginate(Id=statement):
        names = [column["name"] for column in page["ColumnMetadata"]]
        for record in page["Records"]:
            yield dict(zip(names, (value_of(dict(field)) for field in record), strict=True))


def read_ledger(statement: str) -> list[LedgerLine]:
    """The lines of datasets in the result of sql/warehouse/read_ledger.sql; none if the run is not published."""
    return [LedgerLine(**row) for row in read_rows(statement) if row.pop(_FILE) is None]


def read_rows_of_files(statement: str) -> dict[str, int]:
    """The rows read of each file, by its landed key, in the same result."""
    return {row[_FILE]: row["rows_read"] for row in read_rows(statement) if row[_FILE] is not None}


def value_of(field: dict[str, Any]) -> Any:
    """The value of one field of a record; the Data API tags it with its type: {"longValue": 3}, {"isNull": True}."""
    (kind, value), *_ = field.items()
    return None if kind == "isNull" else value


def _client(role_arn: str) -> "RedshiftDataAPIServiceClient":
    """A client whose credentials are a session of the role, which botocore renews before it ends.

    It is what a profile with `role_arn` and `credential_source = Environment` is, without the file. The session has the function's
    name, so that CloudTrail tells who has read.
    """
    session = get_session()
    profile = {
        "role_arn": role_arn,
        "credential_source": "Environment",
        "role_session_name": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
    }
    assumes = AssumeRoleProvider(
        load_config=lambda: {"profiles": {_PROFILE: profile}},
        client_creator=session.create_client,
        cache={},
        profile_name=_PROFILE,
        credential_sourcer=CanonicalNameCredentialSourcer([EnvProvider()]),
    )
    session.register_component("credential_provider", CredentialResolver([assumes]))
    return boto3.Session(botocore_session=session).client("redshift-data")
