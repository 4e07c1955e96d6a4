import pytest

from contract.ledger import ROWS, LedgerLine
from lambdas.shared.data_api import read_ledger, read_rows, read_rows_of_files
from tests.lambdas.warehouse import Ledger


def test_rows_come_as_column_and_value_and_null_as_none(ledger: Ledger) -> None:
    statement = ledger.run("select 1 as one, 'x' as letter, null as nothing, true as flag, 0 as zero")
    assert list(read_rows(statement)) == [{"one": 1, "letter": "x", "nothing": None, "flag": True, "zero": 0}]


def test_every_page_of_a_result_is_read(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.engine, "page_rows", 2)
    statement = ledger.run(
        "select 1 as n union all select 2 union all select 3 union all select 4 order by 1"
    )
    assert [row["n"] for row in read_rows(statement)] == [1, 2, 3, 4]


def test_the_ledger_of_a_run_is_one_line_for_each_dataset(ledger: Ledger) -> None:
    ledger.publish("r1")
    ledger.publish("another")
    found = read_ledger(ledger.read("r1"))
    assert found == [
        LedgerLine(run_id="r1", dataset=name, **dict(zip(ROWS, (15, 1, 2, 3, 4, 5), strict=True)))
        for name in ("authors", "books", "reviews", "users")
    ]


def test_the_rows_of_files_are_told_beside_the_ledger(ledger: Ledger) -> None:
    ledger.publish("r1", ["books"])
    ledger.run(
        "insert into goodreads_warehouse.ledger_files values ('r1', 'books', 'b.csv', 'e', 10, 15, 5, null, true, getdate())"
    )
    statement = ledger.read("r1")
    assert read_rows_of_files(statement) == {"b.csv": 15}
    assert [line.dataset for line in read_ledger(statement)] == ["books"]


def test_a_run_that_is_not_published_has_no_lines(ledger: Ledger) -> None:
    assert read_ledger(ledger.read("r1")) == []
