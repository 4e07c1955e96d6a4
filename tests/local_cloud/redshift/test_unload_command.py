"""UNLOAD writes CSV as Redshift writes it."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROLE = "iam_role 'arn:aws:iam::123456789012:role/unload'"


@pytest.fixture
def unloaded(session: Any, buckets: Path) -> Callable[..., list[Path]]:
    """Unloads a query below a prefix; the objects there."""

    def unload(query: str, prefix: str, options: str = "header csv") -> list[Path]:
        session.run(f"unload ('{query}') to 's3://processed/{prefix}' {ROLE} {options}")
        return sorted((buckets / "processed").glob(f"{prefix}*"))

    return unload


def test_each_type_is_written_in_redshifts_form(unloaded: Any) -> None:
    query = (
        "select true as yes, false as no, null as none, 4.20::decimal(3, 2) as rating, 12 as n, "
        "''2020-02-19 21:38:16.690540''::timestamp as seen, ''2020-02-19 21:38:16''::timestamptz as zoned, "
        "''2020-02-20''::date as day, ''say \"so\", Ann'' as text"
    )
    (file,) = unloaded(query, "kinds/book_")

    assert file.name == "book_0000_part_00"
    assert file.read_bytes() == (
        b"yes,no,none,rating,n,seen,zoned,day,text\n"
        b't,f,,4.20,12,2020-02-19 21:38:16.69054,2020-02-19 21:38:16+00,2020-02-20,"say ""so"", Ann"\n'
    )


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ("csv", "0000_part_00"),
        ("format as csv parallel on", "0000_part_00"),
        ("csv parallel off", "000"),
        ("csv gzip", "0000_part_00.gz"),
        ("csv parallel off extension 'csv.gz' gzip", "000.csv.gz"),
    ],
)
def test_names_are_redshifts(unloaded: Any, options: str, name: str) -> None:
    (file,) = unloaded("select 1 as a", f"names/{len(options)}/", options)

    assert file.name == name
    content = gzip.decompress(file.read_bytes()) if "gzip" in options else file.read_bytes()
    assert content == b"1\n"


def test_existing_files_are_overwritten_only_with_allowoverwrite(
    session: Any, unloaded: Any, buckets: Path
) -> None:
    unloaded("select 1 as a", "again/x")
    again = f"unload ('select 2 as a') to 's3://processed/again/x' {ROLE} csv"

    assert "Specified unload destination on S3 is not empty" in session.error(again)
    session.run(f"{again} allowoverwrite")
    assert (buckets / "processed/again/x0000_part_00").read_text() == "2\n"


def test_a_query_without_rows_leaves_its_header(unloaded: Any) -> None:
    (file,) = unloaded("select 1 as a where 1 = 2", "none/")
    assert file.read_text() == "a\n"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (f"unload ('select 1') to 's3://processed/bad/' {ROLE}", "UNLOAD writes CSV only"),
        (f"unload ('select 1') to 's3://processed/bad/' {ROLE} csv encrypted", "UNLOAD with encrypted"),
        ("unload ('select 1') to 's3://processed/bad/' csv", "UNLOAD needs iam_role"),
        (f"unload ('delete from a') to 's3://processed/bad/' {ROLE} csv", "UNLOAD takes a query"),
        (f"unload ('select 1 limit 1') to 's3://processed/bad/' {ROLE} csv", "Limit clause is not supported"),
        (f"unload ('select 1') to 'processed/bad/' {ROLE} csv", "UNLOAD writes to 's3://bucket/prefix'"),
        (f"unload ('select 1') to 's3://nowhere/bad/' {ROLE} csv", "bucket 'nowhere' does not exist"),
        (f"unload ('select x from nowhere') to 's3://processed/bad/' {ROLE} csv", '"nowhere" does not exist'),
        (f"unload (select 1) to 's3://processed/bad/' {ROLE} csv", "expected unload ('select ...')"),
        (f"unload ('select 1') into 's3://processed/bad/' {ROLE} csv", "expected to 's3://bucket/prefix'"),
    ],
)
def test_what_redshift_or_this_machine_does_not_take_is_refused_and_writes_nothing(
    session: Any, buckets: Path, statement: str, reason: str
) -> None:
    assert reason in session.error(statement)
    assert not (buckets / "processed" / "bad").exists()


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@pytest.mark.slow
@given(st.lists(st.tuples(st.none() | texts, st.booleans(), st.integers(-5, 5)), max_size=8))
def test_whatever_the_rows_hold_csv_reads_them_back(
    session: Any, buckets: Path, rows: list[tuple[str | None, bool, int]]
) -> None:
    session.run("drop table if exists odd")
    session.run("create table odd (t varchar(200), b boolean, n bigint)")
    for number, (text, flag, n) in enumerate(rows):
        named = {} if text is None else {"text": text}
        value = "null" if text is None else ":text"
        session.run(f"insert into odd values ({value}, {flag}, {n * 100 + number})", **named)
    session.run(
        f"unload ('select t, b, n from odd order by n') to 's3://processed/odd/x' {ROLE} csv allowoverwrite null '<none>'"
    )

    written = (buckets / "processed/odd/x0000_part_00").read_bytes().decode()
    expected = [
        ["<none>" if text is None else text, "t" if flag else "f", str(n * 100 + number)]
        for number, (text, flag, n) in enumerate(rows)
    ]
    assert list(csv.reader(io.StringIO(written, newline=""))) == sorted(expected, key=lambda row: int(row[2]))
