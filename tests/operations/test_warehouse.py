"""Statements through the Data API of an endpoint, as a person's commands send them."""

import pytest

from operations.errors import OperationError
from operations.warehouse import Warehouse
from tests.local_cloud.conftest import Endpoint


@pytest.fixture
def warehouse(endpoint: Endpoint) -> Warehouse:
    assert endpoint.state.running()
    return Warehouse()


def test_the_rows_of_the_last_statement_come_back_and_values_are_bound(warehouse: Warehouse) -> None:
    made = warehouse.run(
        "create table if not exists said (words varchar(100))",
        "delete from said",
        "insert into said values (:words)",
        "select words, null as nothing from said",
        words="it's; -- nothing else",
    )
    assert made == (["words", "nothing"], [("it's; -- nothing else", None)])


def test_all_pages_of_a_result_are_read(warehouse: Warehouse) -> None:
    digits = " union all ".join(f"select {digit} as d" for digit in range(10))
    _, rows = warehouse.run(f"with x as ({digits}) select a.d from x as a, x as b, x as c, x as e")
    assert len(rows) == 10_000


def test_a_statement_without_rows_gives_none(warehouse: Warehouse) -> None:
    assert warehouse.run("create table if not exists other (n integer)") == ([], [])


def test_if_one_statement_fails_nothing_has_changed_and_redshift_says_why(warehouse: Warehouse) -> None:
    warehouse.run("create table if not exists whole (n integer)", "delete from whole")
    with pytest.raises(OperationError, match=r'relation "no_such_table" does not exist'):
        warehouse.run("insert into whole values (1)", "select * from no_such_table")
    assert warehouse.run("select count(*) as n from whole")[1] == [(0,)]
