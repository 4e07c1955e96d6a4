"""Redshift SQL keeps its meaning on DuckDB."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 / 2.0", 3.5),
        ("(1 + 2) / (5 - 3) / 1", 1),
        ("(5 + 2) % (1 + 3)", 3),
        ("1 / nullif(0, 0)", None),
        ("7::decimal", "7"),
        ("2.5::decimal(5, 1)::int", 3),
        ("round(2.345, 2)", "2.35"),
        ("trunc(2.349, 2)", "2.34"),
        ("'ééé'::varchar(5)", "éé"),
        ("'abc'::varchar", "abc"),
        ("'abc'::char(2)", "ab"),
        ("octet_length('é')", 2),
        ("len('é')", 1),
        ("concat('a', null)", None),
        ("concat('a', concat('b', 1))", "ab1"),
        ("'a' || null", None),
        ("nvl(null, 'x')", "x"),
        ("decode(2, 1, 'one', 2, 'two', 'many')", "two"),
        ("greatest(1, null)", 1),
        ("'a_c' like 'a\\\\_c'", True),
        ("'abc' like 'a\\\\_c'", False),
        ("'ABC' ilike 'a%'", True),
        ("'A_C' ilike 'a\\\\_c'", True),
        ("'abc' not like 'a%'", False),
        ("1 is distinct from null", True),
        ("'abc' ~ 'b'", True),
        ("regexp_replace('banana', 'a', 'o')", "bonono"),
        ("dateadd(day, -30, '2020-03-01 10:00:00'::timestamp)", "2020-01-31 10:00:00"),
        ("datediff(day, '2020-02-28 23:59:00'::timestamp, '2020-03-01'::date)", 2),
        ("date_trunc('month', '2020-02-19 21:38:16.690535'::timestamp)", "2020-02-01 00:00:00"),
        ("'2020-02-19 21:38:16.690535'::timestamp", "2020-02-19 21:38:16.690535"),
        ("trunc(getdate()) = current_date", True),
        ("abs(datediff(second, getdate(), sysdate)) < 600", True),
        ("to_char('2020-02-19'::date, 'YYYY-MM-DD')", "2020-02-19"),
        ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
        ("true", True),
        ("1.5::real", 1.5),
    ],
)
def test_an_expression_has_the_value_that_it_has_on_redshift(
    session: Any, expression: str, expected: object
) -> None:
    assert session.value(expression) == expected


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("avg(n)", 1),
        ("avg(n::bigint)", 1),
        ("avg(r)", "1.67"),
        ("avg(n::float)", 1.6666666666666667),
        ("avg(distinct n)", 1),
        ("avg(r) filter (where n > 1)", "2.00"),
        ("sum(r)", "5.00"),
        ("sum(n)::bigint", 5),
        ("sum(n)", "5"),
        ("count(distinct n)", 2),
        ("listagg(t, ',') within group (order by t desc)", "b,b,a"),
        ("listagg(distinct t, ', ') within group (order by t)", "a, b"),
        ("listagg(t) within group (order by t)", "abb"),
        ("sum(n)::bigint / count(*)", 1),
    ],
)
def test_an_aggregate_has_the_value_that_it_has_on_redshift(
    session: Any, aggregate: str, expected: object
) -> None:
    rows = (
        "select 1 as n, 1::decimal(3, 2) as r, 'a' as t union all select 2, 2, 'b' union all select 2, 2, 'b'"
    )
    assert session.rows(f"with v as ({rows}) select {aggregate} from v") == [(expected,)]


def test_an_average_over_a_window_is_an_integer_too(session: Any) -> None:
    rows = "select 1 as n union all select 2 union all select 4"
    assert session.rows(
        f"select n, avg(n) over (order by n rows unbounded preceding) from ({rows}) as v order by n"
    ) == [(1, 1), (2, 1), (4, 2)]


def test_nulls_come_last_ascending_and_first_descending(session: Any) -> None:
    rows = "select 1 as n union all select null union all select 2"
    assert session.rows(f"select n from ({rows}) as v order by n") == [(1,), (2,), (None,)]
    assert session.rows(f"select n from ({rows}) as v order by n desc") == [(None,), (2,), (1,)]
    ranked = f"select n, row_number() over (order by n desc) as place from ({rows}) as v"
    assert session.rows(f"select top 1 n from ({ranked}) as v order by place") == [(None,)]


@pytest.mark.parametrize("division", ["1 / 0", "1.5 / 0", "1 % 0", "n / (n - n)"])
def test_a_division_by_zero_fails(session: Any, division: str) -> None:
    assert session.error(f"select {division} from (select 3 as n) as v") == "ERROR: Divide by zero"


def test_result_columns_are_named_as_redshift_names_them(session: Any) -> None:
    identifier = session.run(
        "select count(*), Max(a), nvl(a, 1), a::bigint, a + 1, a as Total from (select 1 as a) v group by a"
    )
    metadata = session.engine.get_statement_result({"Id": identifier})["ColumnMetadata"]
    assert [column["label"] for column in metadata] == ["count", "max", "coalesce", "a", "?column?", "total"]


def test_storage_clauses_of_a_table_are_accepted_and_keys_are_not_enforced(session: Any) -> None:
    session.run("create schema if not exists ddl")
    session.run(
        """create table if not exists ddl.books (
            book_id bigint not null encode az64 distkey sortkey,
            title varchar(20) encode zstd default 'unknown',
            rating decimal(3, 2),
            seen timestamp default sysdate,
            primary key (book_id)
        ) diststyle key compound sortkey (book_id, title)"""
    )
    session.run("insert into ddl.books (book_id, rating) values (1, 4.125), (1, 4)")
    assert session.rows("select book_id, title, rating from ddl.books order by rating") == [
        (1, "unknown", "4.00"),
        (1, "unknown", "4.13"),
    ]
    assert (
        "null value into column book_id" in session.error("insert into ddl.books (rating) values (1)").lower()
    )


def test_a_primary_key_column_takes_no_null(session: Any) -> None:
    session.run("create schema if not exists ddl", "create table ddl.keyed (a int primary key, b int)")
    assert (
        session.error("insert into ddl.keyed values (null, 1)")
        == "ERROR: Cannot insert a NULL value into column a"
    )


@pytest.mark.parametrize(
    ("kind", "fits", "too_long", "limit"),
    [
        ("varchar(4)", "éé", "ééa", 4),
        ("varchar", "é" * 128, "é" * 128 + "a", 256),
        ("varchar(max)", "a" * 65535, "a" * 65536, 65535),
        ("char(2)", "ab", "abc", 2),
        ("text", "a" * 256, "a" * 257, 256),
    ],
)
def test_the_width_of_a_text_column_is_enforced_in_bytes(
    session: Any, kind: str, fits: str, too_long: str, limit: int
) -> None:
    session.run("drop table if exists widths")
    session.run(f"create table widths (v {kind})")
    session.run("insert into widths values (:v)", v=fits)
    error = session.error("insert into widths values (:v)", v=too_long)
    assert error.startswith(f"ERROR: value too long for type character varying({limit})")
    assert session.error("update widths set v = :v", v=too_long) == error
    assert session.rows("select v from widths") == [(fits,)]


def test_views_tables_as_select_and_temporary_tables_work(session: Any) -> None:
    session.run(
        "create table numbers distkey (a) sortkey (a) as select 1 as a",
        "create temp table more (a int)",
        "insert into more values (2)",
        "insert into numbers select a from more",
        "create or replace view halves as select a / 2 as half from numbers with no schema binding",
    )
    assert session.rows("select half from halves order by half") == [(0,), (1,)]


def test_delete_using_update_from_and_merge_change_what_they_say(session: Any) -> None:
    session.run("create table target (k int, v varchar(5))", "create table source (k int, v varchar(5))")
    session.run(
        "insert into target values (1, 'a'), (2, 'b'), (3, 'c')",
        "insert into source values (2, 'B'), (4, 'D')",
    )
    merged = session.run(
        "merge into target using source on target.k = source.k "
        "when matched then update set v = source.v when not matched then insert values (source.k, source.v)"
    )
    assert session.ended(merged)["ResultRows"] == 2
    session.run("delete from target using source where target.k = source.k and source.v = 'D'")
    session.run("update target set v = 'z' from source where source.k - 1 = target.k")
    assert session.rows("select k, v from target order by k") == [(1, "z"), (2, "B"), (3, "z")]


def test_a_merge_that_matches_a_row_twice_fails(session: Any) -> None:
    session.run("create table once (k int, v int)", "insert into once values (1, 0)")
    twice = "select 1 as k, 1 as v union all select 1, 2"
    merge = (
        "merge into once using ({}) s on once.k = s.k when matched then update set v = s.v "
        "when not matched then insert values (s.k, s.v)"
    )
    assert session.error(merge.format(twice)) == "ERROR: Found multiple matches to update the same tuple."
    session.run(
        merge.format("select 5 as k, 1 as v union all select 5, 2")
    )  # matches nothing: both are inserted
    assert session.rows("select k, v from once order by k, v") == [(1, 0), (5, 1), (5, 2)]


@pytest.mark.parametrize(
    "statement",
    [
        "lock laid_out",
        "vacuum laid_out",
        "analyze laid_out",
        "set statement_timeout to 1000",
        "-- nothing but a comment before it\nvacuum;",
    ],
)
def test_statements_without_local_meaning_are_accepted(session: Any, statement: str) -> None:
    session.run("create table if not exists laid_out (a int)")
    session.run(statement)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("begin", "BEGIN, COMMIT and ROLLBACK cannot be sent"),
        ("start transaction", "not supported locally"),
        ("create table i (a bigint identity(1, 1))", "IDENTITY(1, 1) on column a"),
        ("create table twin (like widths)", "not supported locally: (LIKE widths) in CREATE TABLE"),
        ("create procedure p() as $$ begin end $$ language plpgsql", "CREATE PROCEDURE"),
        ("select 1; select 2", "several statements"),
        ("select 1 from nowhere", 'relation "nowhere" does not exist'),
        ("select b from (select 1 as a) v", 'column "b" does not exist'),
        ("select farmfingerprint64('a')", "does not exist"),
        ("select 'a' similar to 'a%'", "use LIKE"),
        ("selec 1", "syntax error"),
        ("select 'open", "syntax error"),
        ("/* nothing */", "the statement is empty"),
    ],
)
def test_what_cannot_be_translated_fails_with_the_reason(session: Any, statement: str, reason: str) -> None:
    assert reason in session.error(statement)


def test_getdate_is_the_start_of_its_statement_also_of_one_that_came_before(session: Any) -> None:
    session.run("create table times (one timestamp, other timestamp)")
    insert = "insert into times values (getdate(), getdate())"
    session.run(insert, insert)
    assert session.rows("select count(distinct one), count(*) from times where one = other") == [(2, 2)]


def test_sysdate_is_the_start_of_its_transaction(session: Any) -> None:
    session.run("create table begun (at timestamp)")
    insert = "insert into begun values (sysdate)"
    session.run(insert, insert)
    assert session.rows("select count(distinct at) from begun") == [(1,)]
