from dataclasses import fields

from contract.ledger import ACCOUNTING, FILES, IDENTITY, LEDGER, LINE, ROWS, Counts, LedgerLine, metric_name
from faker_tool.accounting import Expected


def test_the_first_count_of_the_ledger_is_the_sum_of_the_others() -> None:
    assert IDENTITY == "read = inserted + updated + stale + duplicate + quarantined"
    assert [metric_name(name) for name in ROWS[:2]] == ["RowsRead", "RowsInserted"]


def test_of_the_spark_jobs_counts_all_but_the_first_account_for_it() -> None:
    counts = Counts(
        rows_read=1, rows_staged=20, rows_stale=300, rows_duplicate=4_000, rows_quarantined=50_000
    )
    assert counts.accounted_for == 54_320


def test_the_tables_have_a_column_for_each_count_that_is_never_null() -> None:
    assert [column.name for column in ACCOUNTING.columns[3:]] == [field.name for field in fields(Counts)]
    assert [column.name for column in LEDGER.columns[3:9]] == list(ROWS)
    assert all(column.required for column in (*ACCOUNTING.columns, *LEDGER.columns))
    assert [column.name for column in FILES.columns if not column.required] == ["dataset", "problem"]


def test_a_line_is_read_from_its_columns() -> None:
    assert [column.name for column in LINE] == [field.name for field in fields(LedgerLine)]


def test_the_load_generator_predicts_each_count_of_the_ledger() -> None:
    assert set(ROWS) <= {field.name for field in fields(Expected)}
