"""ALTER TABLE ADD COLUMN and ALTER COLUMN TYPE: what Redshift takes, and what it refuses."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.local_cloud.redshift.conftest import Session


@pytest.fixture
def table(session: Session) -> str:
    session.run("create schema if not exists altered")
    session.run("drop table if exists altered.books")
    session.run(
        "create table altered.books (book_id bigint not null, title varchar(4), rating decimal(3, 2) default 1.5) "
        "distkey (book_id) sortkey (book_id)"
    )
    session.run("insert into altered.books values (1, 'abcd', 4.5)")
    return "altered.books"


def described(session: Session) -> list[tuple[Any, ...]]:
    return session.rows(
        "select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, is_nullable "
        "from svv_columns where table_schema = 'altered' and table_name = 'books' order by ordinal_position"
    )


BEFORE = [
    ("book_id", "bigint", None, 64, 0, "NO"),
    ("title", "character varying", 4, None, None, "YES"),
    ("rating", "numeric", None, 3, 2, "YES"),
]


def test_columns_are_described_as_redshift_describes_them(session: Session, table: str) -> None:
    assert table == "altered.books"
    assert [row[:3] for row in described(session)] == [row[:3] for row in BEFORE]
    assert [row[5] for row in described(session)] == [row[5] for row in BEFORE]


def test_a_text_becomes_wider_and_keeps_its_rows_and_its_new_width(session: Session, table: str) -> None:
    session.run(f"alter table {table} alter column title type varchar(6)")
    session.run(f"insert into {table} values (2, 'abcdef', 1)")
    said = session.error(f"insert into {table} values (3, 'abcdefg', 1)")
    assert "value too long for type character varying(6)" in said
    assert session.rows(f"select book_id, title from {table} order by 1") == [(1, "abcd"), (2, "abcdef")]
    assert "Cannot insert a NULL value into column book_id" in session.error(
        f"insert into {table} values (null, 'a', 1)"
    )
    assert [row[2] for row in described(session)] == [None, 6, None]


@pytest.mark.parametrize(
    ("column", "value", "of_old_rows"),
    [
        ("subtitle varchar(3)", "'abc'", None),
        ("pages integer", "7", None),
        ("format varchar(9) default 'none' not null", "'paper'", "none"),
        ("votes bigint default 0 not null", "9", 0),
    ],
)
def test_a_column_is_added_at_the_end_and_old_rows_have_its_default(
    session: Session, table: str, column: str, value: str, of_old_rows: Any
) -> None:
    session.run(f"alter table {table} add column {column}")
    session.run(f"insert into {table} values (2, 'b', 1, {value})")
    name = column.split(maxsplit=1)[0]
    found = session.rows(f"select {name} from {table} order by book_id")
    assert found == [(of_old_rows,), (int(value) if value.isdigit() else value.strip("'"),)]
    assert described(session)[-1][0] == name


def test_an_added_text_has_its_width(session: Session, table: str) -> None:
    session.run(f"alter table {table} add column subtitle varchar(3)")
    said = session.error(f"insert into {table} values (2, 'b', 1, 'four')")
    assert "value too long for type character varying(3)" in said


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        ("add column a integer, add column b integer", "one column"),
        ("add column a integer not null", "must have a non-null default expression"),
        ("add column title varchar(9)", 'column "title" of relation "books" already exists'),
        ("add column a bigint sortkey", "cannot be a key"),
        ("add column a bigint unique", "cannot be a key"),
        ("alter column none type varchar(9)", 'column "none" of relation "books" does not exist'),
        ("alter column title type text", "only the size of a VARCHAR"),
        ("alter column title type bigint", "only the size of a VARCHAR"),
        ("alter column book_id type varchar(20)", "only the size of a VARCHAR"),
        ("alter column rating type decimal(5, 2)", "only the size of a VARCHAR"),
        ("alter column title type varchar(3)", "value too long for type character varying(3)"),
    ],
)
def test_what_redshift_refuses_is_refused_and_changes_nothing(
    session: Session, table: str, alter: str, reason: str
) -> None:
    before = described(session)
    assert reason in session.error(f"alter table {table} {alter}")
    assert described(session) == before
    assert session.rows(f"select book_id, title from {table}") == [(1, "abcd")]


def test_the_width_of_a_column_with_a_default_cannot_change(session: Session, table: str) -> None:
    session.run(f"alter table {table} add column kind varchar(4) default 'a'")
    assert "default value" in session.error(f"alter table {table} alter column kind type varchar(8)")


def test_a_type_cannot_change_in_a_batch_and_a_column_can_be_added_in_one(
    session: Session, table: str
) -> None:
    widen = f"alter table {table} alter column title type varchar(6)"
    said = session.error("select 1", widen)
    assert "ALTER TABLE ALTER COLUMN cannot run inside a transaction block" in said
    session.run(f"alter table {table} add column pages integer", f"update {table} set pages = 5")
    assert session.rows(f"select pages from {table}") == [(5,)]


def test_a_batch_that_fails_after_it_has_added_a_column_leaves_the_table_as_it_was(
    session: Session, table: str
) -> None:
    before = described(session)
    session.error(f"alter table {table} add column pages integer", "select 1 / 0")
    assert described(session) == before


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.integers(1, 65535), min_size=1, max_size=5))
def test_whatever_widths_a_column_goes_through_its_rows_stay_and_the_last_width_holds(
    session: Session, widths: list[int]
) -> None:
    session.run("create schema if not exists altered", "drop table if exists altered.texts")
    session.run("create table altered.texts (t varchar(1))")
    session.run("insert into altered.texts values ('a')")
    for width in widths:
        session.run(f"alter table altered.texts alter column t type varchar({width})")
    session.run(f"insert into altered.texts values (cast(repeat('x', {widths[-1]}) as varchar(65535)))")
    session.error(f"insert into altered.texts values (repeat('x', {widths[-1] + 1}))")
    assert session.rows("select count(*) from altered.texts") == [(2,)]
