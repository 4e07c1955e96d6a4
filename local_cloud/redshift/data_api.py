"""The operations of the Redshift Data API over a DuckDB file, and the rules for their requests."""

import json
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from local_cloud.identity import Kind, Principal
from local_cloud.redshift.access import S3Access
from local_cloud.redshift.errors import DataApiError, invalid
from local_cloud.redshift.results import ResultSet
from local_cloud.redshift.sql.parsing import parameter_names
from local_cloud.redshift.statements import Statement, SubStatement, run
from local_cloud.redshift.warehouse import Warehouse

_AT_ONCE = 4  # statements that run at the same time
_REMEMBERED = timedelta(hours=24)  # as long as the Data API keeps statements and their results
_TOKEN_VALID = timedelta(hours=8)
_LONG_POLL = 5.0  # seconds; the wait of a caller that polls would be longer than most statements
_GRACE = 2.0  # seconds that `close` leaves to running statements
_CANCEL_TIMEOUT = 30.0  # seconds
_INTERRUPT_EVERY = 0.05  # seconds; an interrupt between two statements has no effect, so it is repeated

_LONGEST_STATEMENT = 100 * 1024  # bytes
_NO_LOCAL_MEANING = {
    "ExecutionMode": {"TRANSACTION"},
    "ResultFormat": {"JSON"},
    "SessionId": set[str](),
    "SessionKeepAliveSeconds": set[str](),
}

Caller = Principal | None


class RedshiftEngine:
    """Operations take and return dicts in boto3's shape and raise DataApiError.

    `caller` made the request. Without a caller it is this process itself, which sees every statement and may do everything. The
    hook has checked what the service's model says of a request. `page_rows` and `page_bytes` bound one page of GetStatementResult,
    at least one row; `most_active` is how many statements of a cluster may be submitted or run (Redshift Management Guide,
    "Considerations when calling the Amazon Redshift Data API"). `master_of` tells the master user of a cluster, or raises
    DataApiError if there is no such cluster.
    """

    page_rows = 1_000
    page_bytes = 1_000_000
    most_active = 500

    def __init__(
        self,
        database: Path,
        buckets: Path,
        access: S3Access | None = None,
        master_of: Callable[[str], str] = lambda _: "admin",
    ) -> None:
        self._master_of = master_of
        self._warehouse = Warehouse(database, buckets, access)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="redshift")
        self._statements: dict[str, Statement] = {}
        self._tokens: dict[tuple[str | None, str | None], Statement] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give running statements a moment, cancel the rest, and close the file."""
        deadline = time.monotonic() + _GRACE
        for statement in list(self._statements.values()):
            if not statement.done.wait(max(0.0, deadline - time.monotonic())):
                with suppress(DataApiError):  # it ended by itself, or the pool ends it
                    self._cancel(statement)
        self._pool.shutdown()
        self._warehouse.close()

    def execute_statement(self, request: dict[str, Any], caller: Caller = None) -> dict[str, Any]:
        """Submit one statement."""
        return self._submit(request, [request.get("Sql") or ""], caller, is_batch=False)

    def batch_execute_statement(self, request: dict[str, Any], caller: Caller = None) -> dict[str, Any]:
        """Submit up to 40 statements as one transaction."""
        return self._submit(request, request.get("Sqls") or [], caller, is_batch=True)

    def describe_statement(self, request: dict[str, Any], caller: Caller = None) -> dict[str, Any]:
        """Status and figures; waits up to WaitTimeSeconds, or some seconds, for a running statement."""
        statement, sub = self._find(request["Id"], caller)
        statement.done.wait(request.get("WaitTimeSeconds", _LONG_POLL))
        described = statement.describe()
        if sub is None or not statement.is_batch:
            return described
        del described["SubStatements"]
        described.pop("Error", None)
        return {**described, **sub.describe()}

    def get_statement_result(self, request: dict[str, Any], caller: Caller = None) -> dict[str, Any]:
        """One page of a result; NextToken asks for the next page."""
        statement, sub = self._find(request["Id"], caller)
        if sub is None:
            raise invalid("BatchExecuteStatement result can only be retrieved with sub-statement id.")
        statement.done.wait(request.get("WaitTimeSeconds", 0))
        result = sub.outcome.result
        if statement.status != "FINISHED" or result is None:
            raise DataApiError(
                "ResourceNotFoundException",
                "Query does not have result. Please check query status with DescribeStatement.",
            )
        return self._page(result, request.get("NextToken"))

    def cancel_statement(self, request: dict[str, Any], caller: Caller = None) -> dict[str, Any]:
        """Stop a statement and roll it back; ValidationException if it has ended."""
        statement, _ = self._find(request["Id"], caller)
        self._cancel(statement)
        return {"Status": True}

    def list_statements(self, request: dict[str, Any], caller: Caller = None) -> dict[str, Any]:
        """The caller's statements of the last 24 hours, newest first; FINISHED ones unless Status says otherwise.

        They are those of the caller's role, or of this one session of the role with RoleLevel false.
        """
        with self._lock:
            self._forget_old()
        wanted = request.get("Status") or "FINISHED"
        prefix = request.get("StatementName") or ""
        named = [n for n in ("Database", "ClusterIdentifier", "WorkgroupName") if request.get(n)]
        matching = [
            statement
            for statement in reversed(list(self._statements.values()))
            if _is_own(statement, caller, role_level=request.get("RoleLevel", True))
            and wanted in {"ALL", statement.status}
            and (statement.request.get("StatementName") or "").startswith(prefix)
            and all(statement.request.get(name) == request[name] for name in named)
        ]
        start = _offset(request.get("NextToken"), len(matching))
        end = start + (request.get("MaxResults") or 100)
        more = {"NextToken": str(end)} if end < len(matching) else {}
        return {"Statements": [_listed(statement) for statement in matching[start:end]], **more}

    def _submit(
        self, request: dict[str, Any], statements: list[str], caller: Caller, *, is_batch: bool
    ) -> dict[str, Any]:
        _check_submission(request, statements)
        user = self._database_user(request, caller)
        with self._lock:
            self._forget_old()
            token = request.get("ClientToken")
            given = (caller.arn if caller else None, token)
            statement = self._tokens.get(given)
            if statement is None:
                self._require_room(request)
                statement = _new_statement(request, statements, caller, user, is_batch=is_batch)
                self._statements[statement.id] = statement
                if token:
                    self._tokens[given] = statement
                self._pool.submit(run, statement, self._warehouse)
            elif _content(statement.request) != _content(request):
                raise invalid(f"ClientToken {token} was used before for a request with other content")
        if "WaitTimeSeconds" in request:
            statement.done.wait(request["WaitTimeSeconds"])
        echoed = ("Id", "CreatedAt", "ClusterIdentifier", "WorkgroupName", "Database", "DbUser", "SecretArn")
        described = statement.describe()
        waited = ("Status", "HasResultSet") if "WaitTimeSeconds" in request else ()
        return {name: described[name] for name in (*echoed, *waited) if name in described}

    def _database_user(self, request: dict[str, Any], caller: Caller) -> str | None:
        """Who logs in: DbUser, or the user that stands for the caller; None for the superuser, the cluster's master user."""
        master = self._master_of(request["ClusterIdentifier"]) if "ClusterIdentifier" in request else None
        user: str | None = request.get("DbUser") or (identity_of(caller) if caller else None)
        return None if user == master else user

    def _require_room(self, request: dict[str, Any]) -> None:
        """The statements of everybody count."""
        where = ("ClusterIdentifier", "WorkgroupName")
        active = sum(
            not statement.done.is_set()
            and all(statement.request.get(name) == request.get(name) for name in where)
            for statement in self._statements.values()
        )
        if active >= self.most_active:
            raise DataApiError(
                "ActiveStatementsExceededException",
                f"The number of active statements exceeds the limit: {active} are submitted or run, {self.most_active} may be.",
            )

    def _find(self, identifier: str, caller: Caller) -> tuple[Statement, SubStatement | None]:
        """The statement and its part with that id; None for the batch as a whole. A foreign statement does not exist."""
        statement = self._statements.get(identifier.partition(":")[0])
        sub = next((sub for sub in statement.subs if sub.id == identifier), None) if statement else None
        if (
            statement is None
            or (sub is None and statement.id != identifier)
            or _is_old(statement, _REMEMBERED)
            or not _is_own(statement, caller)
        ):
            raise DataApiError("ResourceNotFoundException", "Query does not exist.")
        return statement, sub

    def _page(self, result: ResultSet, token: str | None) -> dict[str, Any]:
        start = _offset(token, result.rows)
        by_size = self.page_bytes * result.rows // max(result.size, 1)
        number = max(1, min(self.page_rows, by_size))
        more = {"NextToken": str(start + number)} if start + number < result.rows else {}
        records = result.records(start, number)
        return {"ColumnMetadata": result.metadata, "Records": records, "TotalNumRows": result.rows, **more}

    def _cancel(self, statement: Statement) -> None:
        statement.cancel()
        deadline = time.monotonic() + _CANCEL_TIMEOUT
        while not statement.done.wait(_INTERRUPT_EVERY):
            if time.monotonic() > deadline:
                raise DataApiError("QueryTimeoutException", f"statement {statement.id} did not stop in time")
            statement.interrupt()

    def _forget_old(self) -> None:
        remembered: tuple[tuple[dict[Any, Statement], timedelta], ...] = (
            (self._statements, _REMEMBERED),
            (self._tokens, _TOKEN_VALID),
        )
        for kept, lifetime in remembered:
            old = [k for k, s in kept.items() if _is_old(s, lifetime)]
            for key in old:
                del kept[key]


def _new_statement(
    request: dict[str, Any], statements: list[str], caller: Caller, user: str | None, *, is_batch: bool
) -> Statement:
    identifier = str(uuid.uuid4())
    subs = [
        SubStatement(f"{identifier}:{number}" if is_batch else identifier, sql)
        for number, sql in enumerate(statements, 1)
    ]
    return Statement(identifier, request, is_batch, subs, owner=caller, user=user)


def identity_of(caller: Principal) -> str:
    """The database user of a caller who names none: mapped 1:1 to the identity (GetClusterCredentialsWithIAM in its API reference).

    IAM:<user> or IAMR:<role>, as in "Authenticating to the Amazon Redshift Data API" and in Bedrock's guide for Redshift.
    """
    prefix = "IAMR" if caller.kind is Kind.ROLE else "IAM"
    return f"{prefix}:{caller.arn.rpartition('/')[2]}"


def _is_old(statement: Statement, lifetime: timedelta) -> bool:
    return statement.done.is_set() and datetime.now(UTC) - statement.created_at > lifetime


def _is_own(statement: Statement, caller: Caller, *, role_level: bool = True) -> bool:
    """Whether the caller has the role that submitted the statement; without `role_level` the session of the role as well.

    From "Considerations when calling the Amazon Redshift Data API" in Redshift's Management Guide, and ListStatements' RoleLevel.
    """
    if caller is None:
        return True
    owner = statement.owner
    return owner is not None and (owner.arn == caller.arn if role_level else owner == caller)


def _content(request: dict[str, Any]) -> str:
    return json.dumps({k: v for k, v in request.items() if k != "WaitTimeSeconds"}, sort_keys=True)


def _offset(token: str | None, length: int) -> int:
    if token is None:
        return 0
    if not token.isdecimal() or not 0 < int(token) < length:
        raise invalid(f"NextToken {token} was not returned by the previous request")
    return int(token)


def _listed(statement: Statement) -> dict[str, Any]:
    taken = (
        "Id",
        "Status",
        "CreatedAt",
        "UpdatedAt",
        "SecretArn",
        "QueryParameters",
        "QueryString",
        "ResultFormat",
    )
    described = statement.describe()
    listed = {name: described[name] for name in taken if name in described}
    if "StatementName" in statement.request:
        listed["StatementName"] = statement.request["StatementName"]
    listed["IsBatchStatement"] = statement.is_batch
    listed["QueryStrings"] = [sub.sql for sub in statement.subs]
    return listed


def _check_submission(request: dict[str, Any], statements: list[str]) -> None:
    """The rules of ExecuteStatement and BatchExecuteStatement."""
    _check_connection(request)
    for sql in statements:
        if not sql.strip():
            raise invalid("Sql must not be empty")
        if len(sql.encode()) > _LONGEST_STATEMENT:
            raise invalid(
                f"A SQL statement has {len(sql.encode())} bytes, more than the {_LONGEST_STATEMENT} allowed (100 KB)"
            )
    for name, accepted in _NO_LOCAL_MEANING.items():
        if request.get(name) not in {None, *accepted}:
            raise invalid(f"{name}={request[name]} is not supported by the local Data API")
    _check_parameters(request.get("Parameters") or [], statements)


def _check_connection(request: dict[str, Any]) -> None:
    cluster, workgroup = request.get("ClusterIdentifier"), request.get("WorkgroupName")
    if bool(cluster) == bool(workgroup):
        raise invalid("Exactly one of ClusterIdentifier and WorkgroupName must be given")
    if not request.get("Database"):
        raise invalid("Database must be given")
    if request.get("DbUser") and request.get("SecretArn"):
        raise invalid("DbUser and SecretArn cannot be given together: use one way to authenticate")


def _check_parameters(parameters: list[dict[str, str]], statements: list[str]) -> None:
    names = [parameter["name"] for parameter in parameters]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise invalid(f"Parameters list contains duplicate parameters: [{', '.join(repeated)}]")
    used = set[str]().union(*map(parameter_names, statements))
    if unused := [name for name in names if name not in used]:
        raise invalid(f"Parameters list contains unused parameters. Unused parameters: [{', '.join(unused)}]")
