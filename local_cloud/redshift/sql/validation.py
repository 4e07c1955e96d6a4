"""The rules of the Data API for requests; every function raises DataApiError."""

import re
from typing import Any

from local_cloud.redshift.errors import invalid
from local_cloud.redshift.sql.parsing import parameter_names

_MOST_STATEMENTS = 40
_LONGEST_STATEMENT = 100 * 1024  # bytes
_LONGEST_TOKEN = 64
_LONGEST_WAIT = 30  # seconds
_ID = re.compile(r"[a-z0-9]{8}(-[a-z0-9]{4}){3}-[a-z0-9]{12}(:\d{0,2})?")
_NO_LOCAL_MEANING = {
    "ExecutionMode": {"TRANSACTION"},
    "ResultFormat": {"JSON"},
    "SessionId": set[str](),
    "SessionKeepAliveSeconds": set[str](),
}


def check_submission(request: dict[str, Any], statements: list[str]) -> None:
    """The rules of ExecuteStatement and BatchExecuteStatement."""
    _check_connection(request)
    _check_length("sqls", statements, _MOST_STATEMENTS)
    for sql in statements:
        if not sql.strip():
            raise invalid("Sql must not be empty")
        if len(sql.encode()) > _LONGEST_STATEMENT:
            raise invalid(
                f"A SQL statement has {len(sql.encode())} bytes, more than the {_LONGEST_STATEMENT} allowed (100 KB)"
            )
    if (token := request.get("ClientToken")) is not None:
        _check_length("clientToken", token, _LONGEST_TOKEN)
    for name, accepted in _NO_LOCAL_MEANING.items():
        if request.get(name) not in {None, *accepted}:
            raise invalid(f"{name}={request[name]} is not supported by the local Data API")
    check_wait(request)
    _check_parameters(request.get("Parameters") or [], statements)


def check_id(identifier: str) -> None:
    """The form of a statement's or a sub-statement's id."""
    if not _ID.fullmatch(identifier):
        raise invalid(f"id must satisfy regex pattern: {_ID.pattern}")


def check_wait(request: dict[str, Any]) -> None:
    """WaitTimeSeconds is 1 to 30."""
    wait = request.get("WaitTimeSeconds", 1)
    if not 1 <= wait <= _LONGEST_WAIT:
        raise invalid(f"WaitTimeSeconds must be between 1 and {_LONGEST_WAIT}, not {wait}")


def _check_connection(request: dict[str, Any]) -> None:
    cluster, workgroup = request.get("ClusterIdentifier"), request.get("WorkgroupName")
    if bool(cluster) == bool(workgroup):
        raise invalid("Exactly one of ClusterIdentifier and WorkgroupName must be given")
    if not request.get("Database"):
        raise invalid("Database must be given")
    if request.get("DbUser") and request.get("SecretArn"):
        raise invalid("DbUser and SecretArn cannot be given together: use one way to authenticate")


def _check_length(member: str, value: list[str] | str, most: int) -> None:
    relation = "less than or equal to" if len(value) > most else "greater than or equal to"
    if not 1 <= len(value) <= most:
        raise invalid(
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
            f"Member must have length {relation} {most if len(value) > most else 1}"
        )


def _check_parameters(parameters: list[dict[str, str]], statements: list[str]) -> None:
    names = [parameter["name"] for parameter in parameters]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise invalid(f"Parameters list contains duplicate parameters: [{', '.join(repeated)}]")
    used = set[str]().union(*map(parameter_names, statements))
    if unused := [name for name in names if name not in used]:
        raise invalid(f"Parameters list contains unused parameters. Unused parameters: [{', '.join(unused)}]")
