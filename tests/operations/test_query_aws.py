"""`query --aws`: how Redshift is asked, without one."""

from typing import Any, Self

import pytest
import redshift_connector
from redshift_connector.error import InterfaceError

from operations.errors import OperationError
from operations.query import query_aws


class Connection:
    """As much of a connection as a query uses; it is its own cursor."""

    description = (("author_id", 20), ("name", 1043))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def cursor(self) -> "Connection":
        return self

    def execute(self, sql: str) -> None:
        self.sql = sql

    def fetchall(self) -> list[list[Any]]:
        return [[1, "Ursula K. Le Guin"]]


def ask() -> tuple[list[str], list[tuple[Any, ...]]]:
    sql = "select author_id, name from goodreads_warehouse.authors"
    return query_aws(
        sql, cluster="goodreads", database="dwh", user="reader", region="eu-west-1", profile=None
    )


def test_redshift_is_asked_over_tls_with_temporary_iam_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    connection, asked = Connection(), dict[str, Any]()

    def connect(**arguments: Any) -> Connection:
        asked.update(arguments)
        return connection

    monkeypatch.setattr(redshift_connector, "connect", connect)

    assert ask() == (["author_id", "name"], [(1, "Ursula K. Le Guin")])
    assert connection.sql == "select author_id, name from goodreads_warehouse.authors"
    assert asked["iam"] is True
    assert asked["ssl"] is True
    assert "password" not in asked
    assert (asked["cluster_identifier"], asked["database"], asked["db_user"]) == (
        "goodreads",
        "dwh",
        "reader",
    )


def test_a_cluster_out_of_reach_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(**_: Any) -> Connection:
        raise InterfaceError("communication error: timed out")

    monkeypatch.setattr(redshift_connector, "connect", connect)

    with pytest.raises(OperationError, match=r"goodreads could not be queried.*reachable from its VPC only"):
        ask()
