"""Named parameters are bound, never written into the text."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_cloud.redshift.sql.parsing import parameter_names


@pytest.mark.slow
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
@settings(max_examples=60)
def test_any_text_round_trips_as_a_bound_value(session: Any, text: str) -> None:
    assert session.value(":v::varchar(65535)", v=text) == text


@given(text=st.sampled_from(["'; drop table bound; --", "$v", ":v", "\\", "''", "null", "::int"]))
def test_a_value_is_never_read_as_sql(session: Any, text: str) -> None:
    session.run("create table if not exists bound (v varchar(100))")
    session.run("delete from bound")
    session.run("insert into bound values (:v)", v=text)
    assert session.rows("select v from bound where v = :v", v=text) == [(text,)]


def test_a_value_takes_its_type_from_where_it_is_used(session: Any) -> None:
    session.run("create table typed (a bigint, b timestamp, c decimal(3, 2), d boolean, e varchar(10))")
    session.run(
        "insert into typed values (:a, :b, :c, :d, :e)",
        a="5",
        b="2020-02-19 21:38:16",
        c="4.25",
        d="true",
        e="x",
    )
    session.run("insert into typed select :a, :b, :c, :d, :e", a="6", b="2020-02-20", c="1", d="false", e="y")
    assert session.rows(
        "select a, b, c, d, e from typed where a = :a and b > :since", a="5", since="2020-02-01"
    ) == [(5, "2020-02-19 21:38:16", "4.25", True, "x")]
    assert session.rows("select a from typed where b >= dateadd(day, -1, :until)", until="2020-02-21") == [
        (6,)
    ]
    assert session.rows(
        "select a from typed where b < :until::timestamp and a in (:a, 7)", until="2020-03-01", a="6"
    )
    assert (
        session.value("dateadd(day, -:days::int, '2020-03-01'::timestamp)", days="30")
        == "2020-01-31 00:00:00"
    )


def test_a_value_that_does_not_fit_fails(session: Any) -> None:
    assert "'abc'" in session.error("select 1 from (select 1 as a) v where a = :a", a="abc")


def test_a_batch_shares_its_parameters(session: Any) -> None:
    session.run("create table shared (run varchar(10), n int)")
    session.run(
        "insert into shared values (:run, 1)", "insert into shared values (:run, :n)", run="r1", n="2"
    )
    assert session.rows("select run, n from shared order by n") == [("r1", 1), ("r1", 2)]


def test_a_merge_takes_parameters_in_every_part(session: Any) -> None:
    session.run("create table merged (k int, run varchar(10))")
    session.run(
        "merge into merged using (select :k::int as k) s on merged.k = s.k "
        "when matched then update set run = :run when not matched then insert values (s.k, :run)",
        k="1",
        run="r1",
    )
    assert session.rows("select k, run from merged") == [(1, "r1")]


def test_a_parameter_without_a_value_fails_the_statement(session: Any) -> None:
    assert session.error("select :missing, :given", given="1").startswith(
        'ERROR: syntax error at or near ":missing"'
    )
    assert session.error("select :missing").startswith('ERROR: syntax error at or near ":missing"')


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select :a, b::int, :c_1::varchar(5)", {"a", "c_1"}),
        ("select ':a', \":b\" -- :c\n/* :d */", set()),
        ("select 'it''s :a', 'back\\' :b', :c", {"c"}),
        ("select 'open :a", set()),
    ],
)
def test_only_names_outside_of_quotes_comments_and_casts_are_parameters(sql: str, names: set[str]) -> None:
    assert parameter_names(sql) == names
