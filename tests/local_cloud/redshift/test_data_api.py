"""The Data API over real boto3 against a real moto server."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from local_cloud.redshift import DataApiError, RedshiftEngine, SqlError, master_of, read_only_query
from local_cloud.redshift.statements import Statement, SubStatement
from tests.local_cloud.waiting import PATIENCE

CLUSTER = {"ClusterIdentifier": "goodreads", "Database": "dev", "DbUser": "admin"}
UNKNOWN = "12345678-1234-1234-1234-123456789012"
ENDLESS = (
    "select count(*) from generate_series(1, 1000000) as a(n), generate_series(1, 1000000) as b(n) "
    "where a.n + b.n = -1"
)


def test_a_statement_is_submitted_described_and_its_result_read(client: Any, ended: Any) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    sent = client.execute_statement(**CLUSTER, Sql="select 1 as one, 'x' as letter, null as none")
    assert before <= sent["CreatedAt"] <= datetime.now(UTC)
    assert (sent["ClusterIdentifier"], sent["Database"], sent["DbUser"]) == ("goodreads", "dev", "admin")
    described = ended(sent["Id"])
    assert described["Status"] == "FINISHED"
    assert described["HasResultSet"] is True
    assert described["ResultRows"] == 1
    assert described["Duration"] > 0
    assert described["QueryString"] == "select 1 as one, 'x' as letter, null as none"
    assert described["CreatedAt"] <= described["UpdatedAt"]
    assert "Error" not in described
    result = client.get_statement_result(Id=sent["Id"])
    assert result["Records"] == [[{"longValue": 1}, {"stringValue": "x"}, {"isNull": True}]]
    assert result["TotalNumRows"] == 1
    assert [(c["name"], c["typeName"]) for c in result["ColumnMetadata"]] == [
        ("one", "int4"),
        ("letter", "varchar"),
        ("none", "int4"),
    ]


def test_every_type_comes_back_as_the_data_api_sends_it(client: Any, ended: Any) -> None:
    sql = (
        "select 1::bigint as a, 1.50::decimal(5, 2) as b, 1.5::float as c, true as d, '2020-02-19'::date as e, "
        "'2020-02-19 21:38:16'::timestamp as f, 2::smallint as g"
    )
    sent = ended(client.execute_statement(**CLUSTER, Sql=sql)["Id"])
    result = client.get_statement_result(Id=sent["Id"])
    assert result["Records"] == [
        [
            {"longValue": 1},
            {"stringValue": "1.50"},
            {"doubleValue": 1.5},
            {"booleanValue": True},
            {"stringValue": "2020-02-19"},
            {"stringValue": "2020-02-19 21:38:16"},
            {"longValue": 2},
        ]
    ]
    types = [column["typeName"] for column in result["ColumnMetadata"]]
    assert types == ["int8", "numeric", "float8", "bool", "date", "timestamp", "int2"]
    assert (result["ColumnMetadata"][1]["precision"], result["ColumnMetadata"][1]["scale"]) == (5, 2)


def test_a_failed_statement_tells_why_and_has_no_result(client: Any, ended: Any) -> None:
    described = ended(client.execute_statement(**CLUSTER, Sql="select * from nowhere")["Id"])
    assert (described["Status"], described["Error"]) == ("FAILED", 'ERROR: relation "nowhere" does not exist')
    assert described["HasResultSet"] is False
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Query does not have result"):
        client.get_statement_result(Id=described["Id"])


def test_a_statement_without_rows_has_no_result_but_an_empty_query_has(client: Any, ended: Any) -> None:
    created = ended(client.execute_statement(**CLUSTER, Sql="create table empty (a int)")["Id"])
    assert (created["HasResultSet"], created["ResultRows"]) == (False, 0)
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Query does not have result"):
        client.get_statement_result(Id=created["Id"])
    queried = ended(client.execute_statement(**CLUSTER, Sql="select a from empty")["Id"])
    assert (queried["HasResultSet"], queried["ResultRows"]) == (True, 0)
    assert client.get_statement_result(Id=queried["Id"])["Records"] == []


def test_a_batch_describes_each_of_its_statements(client: Any, ended: Any) -> None:
    sqls = [
        "create table batched (a int)",
        "insert into batched values (1), (2)",
        "select a from batched order by a",
    ]
    described = ended(client.batch_execute_statement(**CLUSTER, Sqls=sqls)["Id"])
    assert described["Status"] == "FINISHED"
    assert described["HasResultSet"] is True
    subs = described["SubStatements"]
    assert [sub["Id"] for sub in subs] == [f"{described['Id']}:{n}" for n in (1, 2, 3)]
    assert [sub["QueryString"] for sub in subs] == sqls
    assert [(sub["Status"], sub["HasResultSet"], sub["ResultRows"]) for sub in subs] == [
        ("FINISHED", False, 0),
        ("FINISHED", False, 2),
        ("FINISHED", True, 2),
    ]
    assert all(sub["Duration"] > 0 for sub in subs)
    result = client.get_statement_result(Id=f"{described['Id']}:3")
    assert result["Records"] == [[{"longValue": 1}], [{"longValue": 2}]]
    assert client.describe_statement(Id=f"{described['Id']}:2")["ResultRows"] == 2
    with pytest.raises(
        client.exceptions.ValidationException, match="only be retrieved with sub-statement id"
    ):
        client.get_statement_result(Id=described["Id"])


def test_a_failure_in_a_batch_rolls_everything_back(client: Any, ended: Any, session: Any) -> None:
    session.run("create table kept (a int)")
    sqls = ["insert into kept values (1)", "insert into kept values ('x')", "insert into kept values (3)"]
    described = ended(client.batch_execute_statement(**CLUSTER, Sqls=sqls)["Id"])
    assert described["Status"] == "FAILED"
    assert described["Error"].startswith("Query #2 failed with ERROR: ")
    assert [sub["Status"] for sub in described["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert session.rows("select count(*) from kept") == [(0,)]


def test_a_query_of_a_batch_that_was_rolled_back_has_no_result(client: Any, ended: Any) -> None:
    described = ended(
        client.batch_execute_statement(**CLUSTER, Sqls=["select 1", "select * from nowhere"])["Id"]
    )
    _refused(client.get_statement_result, "ResourceNotFoundException", Id=f"{described['Id']}:1")


@pytest.mark.parametrize("statement", ["truncate kept_rows", "commit", "begin", "rollback"])
def test_a_batch_takes_nothing_that_would_end_its_transaction(session: Any, statement: str) -> None:
    session.run("create table if not exists kept_rows (a int)")
    error = session.error("insert into kept_rows values (1)", statement)
    assert error.startswith("Query #2 failed with ERROR: ")
    assert session.rows("select count(*) from kept_rows") == [(0,)]
    session.run("truncate kept_rows")  # alone it is fine


def _refused(request: Callable[..., object], code: str = "ValidationException", **arguments: Any) -> str:
    with pytest.raises(ClientError) as raised:
        request(**arguments)
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(raised.value.response["Error"]["Message"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Sqls": ["select 1"] * 41}, "Member must have length less than or equal to 40"),
        ({"Sqls": ["select 1", "-- " + "x" * 100 * 1024]}, "100 KB"),
        ({"Sqls": [" "]}, "Sql must not be empty"),
        ({"DbUser": "u", "SecretArn": "s"}, "DbUser and SecretArn cannot be given together"),
        ({"ClientToken": "t" * 65}, "Member must have length less than or equal to 64"),
        ({"WorkgroupName": "group"}, "Exactly one of ClusterIdentifier and WorkgroupName"),
        ({"Database": ""}, "Database must be given"),
        ({"ExecutionMode": "AUTO_COMMIT"}, "not supported by the local Data API"),
        ({"ResultFormat": "CSV"}, "not supported by the local Data API"),
        (
            {"WaitTimeSeconds": 31},
            "Value at 'waitTimeSeconds' failed to satisfy constraint: Member must have value less",
        ),
        (
            {"ClusterIdentifier": "Goodreads"},
            "'clusterIdentifier' failed to satisfy constraint: Member must satisfy",
        ),
        ({"StatementName": "n" * 2049, "ClientToken": "t" * 65}, "2 validation errors detected"),
        ({"Parameters": [{"name": "a b", "value": "1"}]}, "'parameters.1.member.name' failed to satisfy"),
        (
            {
                "Parameters": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}],
                "Sqls": ["select :a, a::b"],
            },
            "Parameters list contains unused parameters. Unused parameters: [b]",
        ),
        (
            {"Parameters": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}], "Sqls": ["select :a"]},
            "duplicate parameters: [a]",
        ),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused(client: Any, change: dict[str, Any], reason: str) -> None:
    request = {**CLUSTER, "Sqls": ["select 1"], **change}
    assert reason in _refused(client.batch_execute_statement, **request)


def test_a_batch_of_nothing_is_refused(client: Any) -> None:
    careless = Config(parameter_validation=False)
    client = boto3.client("redshift-data", endpoint_url=client.meta.endpoint_url, config=careless)
    reason = _refused(client.batch_execute_statement, "ValidationException", **CLUSTER, Sqls=[])
    assert "Invalid length for parameter Sqls, value: 0" in reason


def test_forty_statements_are_one_batch(session: Any) -> None:
    session.run(*["select 1"] * 40)


def test_ids_that_do_not_exist_are_not_found(client: Any) -> None:
    for operation in (client.describe_statement, client.get_statement_result, client.cancel_statement):
        assert _refused(operation, "ResourceNotFoundException", Id=UNKNOWN) == "Query does not exist."
        assert "satisfy regular expression pattern" in _refused(operation, Id="not-an-id")
    known = client.execute_statement(**CLUSTER, Sql="select 1")["Id"]
    _refused(client.describe_statement, "ResourceNotFoundException", Id=f"{known}:2")


def test_the_same_token_runs_the_same_request_once(client: Any, ended: Any, session: Any) -> None:
    session.run("create table counted (a int)")
    request = {**CLUSTER, "Sql": "insert into counted values (1)", "ClientToken": "run-1-publish"}
    first = client.execute_statement(**request)
    ended(first["Id"])
    assert client.execute_statement(**request)["Id"] == first["Id"]
    assert session.rows("select count(*) from counted") == [(1,)]
    changed = {**request, "Sql": "insert into counted values (2)"}
    assert "other content" in _refused(client.execute_statement, **changed)


def test_a_failed_statement_keeps_its_token(client: Any, ended: Any) -> None:
    request = {**CLUSTER, "Sqls": ["select * from nowhere"], "ClientToken": "failed"}
    first = client.batch_execute_statement(**request)["Id"]
    assert ended(first)["Status"] == "FAILED"
    assert client.batch_execute_statement(**request)["Id"] == first


def test_a_token_expires_before_its_statement_does(
    client: Any, ended: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.run("create table recounted (a int)")
    request = {**CLUSTER, "Sql": "insert into recounted values (1)", "ClientToken": "run-2-publish"}
    first = client.execute_statement(**request)["Id"]
    ended(first)
    monkeypatch.setattr("local_cloud.redshift.data_api._TOKEN_VALID", timedelta(0))
    second = client.execute_statement(**request)["Id"]
    assert second != first
    assert (ended(first)["Status"], ended(second)["Status"]) == ("FINISHED", "FINISHED")
    assert session.rows("select count(*) from recounted") == [(2,)]


@pytest.mark.slow
def test_a_cancelled_statement_stops_and_is_rolled_back(client: Any, ended: Any, session: Any) -> None:
    session.run("create table untouched (a int)")
    sqls = ["insert into untouched values (1)", ENDLESS, "insert into untouched values (2)"]
    running = client.batch_execute_statement(**CLUSTER, Sqls=sqls)["Id"]
    while client.describe_statement(Id=running)["SubStatements"][0]["Status"] != "FINISHED":
        pass  # DescribeStatement itself waits
    assert client.cancel_statement(Id=running)["Status"] is True
    described = ended(running)
    assert described["Status"] == "ABORTED"
    assert [sub["Status"] for sub in described["SubStatements"]] == ["FINISHED", "ABORTED", "ABORTED"]
    assert session.rows("select count(*) from untouched") == [(0,)]
    assert "already in ABORTED state" in _refused(client.cancel_statement, Id=running)


def test_a_cancellation_before_the_commit_prevents_it(engine: RedshiftEngine, session: Any) -> None:
    session.run("create table uncommitted (a int)")
    statement = Statement(UNKNOWN, CLUSTER, False, [SubStatement(UNKNOWN, "insert")])
    with engine._warehouse.transaction() as transaction:  # noqa: SLF001
        assert statement.pick()
        statement.start(transaction)
        transaction.run("insert into uncommitted values (1)", {})
        statement.cancel()
        assert statement.commit(transaction) is False
    assert session.rows("select count(*) from uncommitted") == [(0,)]


@pytest.mark.slow
def test_a_statement_that_waits_for_a_free_place_can_be_cancelled(client: Any, ended: Any) -> None:
    submitted = [client.execute_statement(**CLUSTER, Sql=ENDLESS)["Id"] for _ in range(6)]
    for identifier in reversed(submitted):
        client.cancel_statement(Id=identifier)
    assert [ended(identifier)["Status"] for identifier in submitted] == ["ABORTED"] * 6


@pytest.mark.slow
def test_describe_waits_for_a_statement_that_runs(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_cloud.redshift.data_api._LONG_POLL", PATIENCE)
    sql = "select count(distinct n) from generate_series(1, 2000000) as s(n)"
    identifier = client.execute_statement(**CLUSTER, Sql=sql)["Id"]
    assert client.describe_statement(Id=identifier)["Status"] == "FINISHED"


def test_a_submission_can_wait_for_its_end(client: Any) -> None:
    sent = client.execute_statement(**CLUSTER, Sql="select 1", WaitTimeSeconds=30)
    assert (sent["Status"], sent["HasResultSet"]) == ("FINISHED", True)


def test_two_batches_that_change_the_same_rows_never_both_finish(
    engine: RedshiftEngine, session: Any
) -> None:
    session.run("create table balance (k int, v int)", "insert into balance values (1, 0)")
    meeting = threading.Barrier(
        2, timeout=PATIENCE
    )  # neither goes on before both are inside of their transactions
    engine._warehouse._connection.create_function(  # noqa: SLF001
        "meet", lambda x: x + meeting.wait(), [duckdb.sqltype("INTEGER")], duckdb.sqltype("INTEGER")
    )
    batch = [
        "select v from balance",
        "select meet(v) from balance",
        "update balance set v = v + 1 where k = 1",
    ]
    results = [session.ended(identifier) for identifier in [session.submit(*batch), session.submit(*batch)]]
    finished, failed = sorted(results, key=lambda result: str(result["Status"]), reverse=True)
    assert (finished["Status"], failed["Status"]) == ("FINISHED", "FAILED")
    assert failed["Error"] == (
        "Query #3 failed with ERROR: 1023 DETAIL: Serializable isolation violation on table - main.balance"
    )
    assert session.rows("select v from balance") == [(1,)]


def test_two_merges_of_the_same_new_key_never_both_finish(engine: RedshiftEngine, session: Any) -> None:
    session.run("create table upserted (k int, v int)")
    warehouse = engine._warehouse  # noqa: SLF001  # two transactions, interleaved by hand
    merge = (
        "merge into upserted using (select 1 as k) s on upserted.k = s.k "
        "when matched then update set v = 2 when not matched then insert values (s.k, 1)"
    )
    with warehouse.transaction() as first, warehouse.transaction() as second:
        first.run(merge, {})
        second.run(merge, {})
        first.commit()
        with pytest.raises(
            SqlError, match=r"^1023 DETAIL: Serializable isolation violation on table - main\.upserted"
        ):
            second.commit()
    assert session.rows("select k, v from upserted") == [(1, 1)]


def test_two_inserts_into_one_table_may_overlap(engine: RedshiftEngine, session: Any) -> None:
    session.run("create table appended (a int)")
    warehouse = engine._warehouse  # noqa: SLF001
    with warehouse.transaction() as first, warehouse.transaction() as second:
        first.run("insert into appended values (1)", {})
        second.run("insert into appended values (2)", {})
        first.commit()
        second.commit()
    assert session.rows("select sum(a)::int from appended") == [(3,)]


def test_a_locked_table_is_free_again_once_its_transaction_has_ended_committed_or_not(
    engine: RedshiftEngine, session: Any
) -> None:
    session.run("create table locked (a int)")
    for commits in (True, False):
        with engine._warehouse.transaction() as holder:  # noqa: SLF001
            holder.run("lock table locked", {})
            session.run("insert into locked values (1)")  # who does not lock does not wait
            if commits:
                holder.commit()
        session.run("lock table locked", "insert into locked values (1)")
    assert session.rows("select sum(a)::int from locked") == [(4,)]


def test_who_waits_for_a_lock_can_be_cancelled(engine: RedshiftEngine, session: Any) -> None:
    session.run("create table held (a int)")
    with engine._warehouse.transaction() as holder:  # noqa: SLF001
        holder.run("lock table held", {})
        waiting = session.submit("lock table held", "insert into held values (1)")
        assert engine.cancel_statement({"Id": waiting})["Status"] is True
        assert session.ended(waiting)["Status"] == "ABORTED"
    assert session.rows("select count(*) from held") == [(0,)]


def test_a_table_that_does_not_exist_cannot_be_locked(session: Any) -> None:
    assert session.error("lock table nowhere.at_all") == 'ERROR: relation "nowhere.at_all" does not exist'
    assert "syntax error" in session.error("lock")


def test_statements_are_listed_newest_first_and_by_status_and_name(client: Any, ended: Any) -> None:
    names = ["listed-a", "listed-b", "listed-c"]
    for name, sql in zip(names, ["select 1", "select * from nowhere", "select 3"], strict=True):
        ended(client.execute_statement(**CLUSTER, Sql=sql, StatementName=name)["Id"])

    def listed(**request: Any) -> list[str]:
        return [
            s["StatementName"]
            for s in client.list_statements(StatementName="listed-", **request)["Statements"]
        ]

    assert listed() == ["listed-c", "listed-a"]
    assert listed(Status="FAILED") == ["listed-b"]
    assert listed(Status="ALL") == ["listed-c", "listed-b", "listed-a"]
    assert listed(Database="other") == []
    first = client.list_statements(StatementName="listed-", Status="ALL", MaxResults=2)
    rest = client.list_statements(
        StatementName="listed-", Status="ALL", MaxResults=2, NextToken=first["NextToken"]
    )
    assert [s["StatementName"] for s in first["Statements"] + rest["Statements"]] == names[::-1]
    assert "NextToken" not in rest


@pytest.mark.slow
@given(rows=st.integers(0, 30), page_rows=st.integers(1, 10), page_bytes=st.sampled_from([1, 50, 1_000_000]))
@settings(max_examples=25)
def test_the_pages_together_are_all_rows(
    client: Any, engine: RedshiftEngine, rows: int, page_rows: int, page_bytes: int
) -> None:
    sql = f"select n, repeat('x', n::int) as t from generate_series(1, {rows}) as s(n) order by n"
    identifier = client.execute_statement(**CLUSTER, Sql=sql, WaitTimeSeconds=30)["Id"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "page_rows", page_rows)
        patch.setattr(engine, "page_bytes", page_bytes)
        pages = list(client.get_paginator("get_statement_result").paginate(Id=identifier))
    records = [record for page in pages for record in page["Records"]]
    assert records == [[{"longValue": n}, {"stringValue": "x" * n}] for n in range(1, rows + 1)]
    assert all(len(page["Records"]) <= page_rows for page in pages)


def test_a_token_of_another_result_is_refused(client: Any) -> None:
    identifier = client.execute_statement(**CLUSTER, Sql="select 1", WaitTimeSeconds=30)["Id"]
    for token in ("1", "x", "-1"):
        assert "NextToken" in _refused(client.get_statement_result, Id=identifier, NextToken=token)


@pytest.mark.slow
def test_the_aws_command_works(endpoint: Any) -> None:
    assert endpoint  # AWS_ENDPOINT_URL is set
    aws = [str(Path(sys.executable).with_name("aws")), "redshift-data"]
    where = ["--cluster-identifier", "goodreads", "--database", "dev"]
    sent = subprocess.run(
        [*aws, "execute-statement", *where, "--sql", "select 42 as answer"], check=True, capture_output=True
    )
    identifier = json.loads(sent.stdout)["Id"]
    assert (
        b"FINISHED"
        in subprocess.run(
            [*aws, "describe-statement", "--id", identifier], check=True, capture_output=True
        ).stdout
    )
    result = subprocess.run(
        [*aws, "get-statement-result", "--id", identifier], check=True, capture_output=True
    )
    assert json.loads(result.stdout)["Records"] == [[{"longValue": 42}]]


def test_many_callers_at_once_all_get_their_own_answer(session: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: session.value(f"{n} + 0"), range(40))) == list(range(40))


@pytest.mark.slow
def test_closing_stops_what_runs_and_leaves_a_consistent_file(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    with RedshiftEngine(database, tmp_path) as engine:
        engine.execute_statement(
            {**CLUSTER, "Sql": "create table t as select 7 / 2 as a", "WaitTimeSeconds": 30}
        )
        running = engine.batch_execute_statement({**CLUSTER, "Sqls": ["insert into t values (9)", ENDLESS]})
    assert engine.describe_statement({"Id": running["Id"]})["Status"] == "ABORTED"
    assert read_only_query(database, "select top 5 A, a / 2 from t") == (["a", "?column?"], [(3, 1)])


def test_a_file_can_be_opened_again(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    for expected in (1, 2):
        with RedshiftEngine(database, tmp_path) as engine:
            sqls = [
                "create table if not exists t (v varchar(5) default 'a', n int default 7 / 2)",
                "create or replace view halves as select v, n / 2 as half from t",
                "insert into t (n) values (default)",
                "select v, half from halves",
            ]
            sent = engine.batch_execute_statement({**CLUSTER, "Sqls": sqls, "WaitTimeSeconds": 30})
            rows = engine.get_statement_result({"Id": f"{sent['Id']}:4"})["Records"]
            assert rows == [[{"stringValue": "a"}, {"longValue": 1}]] * expected


def test_only_queries_read_the_file(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    with pytest.raises(SqlError, match="Cannot open database"):
        read_only_query(database, "select 1")
    RedshiftEngine(database, tmp_path).close()
    for statement in ("delete from t", "vacuum", "create table t (a int)"):
        with pytest.raises(SqlError, match="only queries"):
            read_only_query(database, statement)


@pytest.mark.slow
def test_a_cluster_of_cloudformation_has_its_own_name_and_any_other_is_not_there(
    endpoint: Callable[[str], Any],
) -> None:
    properties = {"ClusterIdentifier": "named", "MasterUsername": "admin", "NodeType": "ra3.large"}
    template = {"Resources": {"Cluster": {"Type": "AWS::Redshift::Cluster", "Properties": properties}}}
    endpoint("cloudformation").create_stack(StackName="warehouse", TemplateBody=json.dumps(template))
    assert master_of("named") == "admin"
    with pytest.raises(DataApiError, match=r"Redshift endpoint doesn't exist in this region\."):
        master_of("unnamed")


def test_a_day_after_it_was_submitted_nobody_finds_a_statement(
    client: Any, ended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = client.execute_statement(**CLUSTER, Sql="select 1", StatementName="old")["Id"]
    ended(old)
    monkeypatch.setattr("local_cloud.redshift.data_api._REMEMBERED", timedelta(0))
    for ask in (client.describe_statement, client.get_statement_result, client.cancel_statement):
        assert _refused(ask, "ResourceNotFoundException", Id=old) == "Query does not exist."
    assert client.list_statements(StatementName="old")["Statements"] == []


def test_a_cluster_takes_so_many_active_statements_and_no_more(
    client: Any, engine: RedshiftEngine, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "most_active", 2)
    running = [session.submit(ENDLESS) for _ in range(2)]
    request = {**CLUSTER, "Sql": "select 1"}
    assert "exceeds the limit" in _refused(
        client.execute_statement, "ActiveStatementsExceededException", **request
    )
    other = client.execute_statement(**{**request, "ClusterIdentifier": "other"}, WaitTimeSeconds=30)
    assert other["Status"] == "FINISHED"
    for identifier in running:
        engine.cancel_statement({"Id": identifier})
    assert client.execute_statement(**request, WaitTimeSeconds=30)["Status"] == "FINISHED"


def test_a_row_of_more_than_64_kb_is_too_large_a_packet(session: Any) -> None:
    half = "repeat('ä', 16000)"
    assert len(session.value(f"{half} || {half}")) == 32_000
    reason = session.error(f"select {half} as a, {half} as b, 'x' as c, repeat('y', 1600) as d")
    assert reason.startswith("ERROR: Packet for query is too large: a row of the result has 65601 bytes")
