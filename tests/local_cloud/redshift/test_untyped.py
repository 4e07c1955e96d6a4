"""A text or NULL that a subquery selects has no type on Redshift, and nothing converts it afterwards."""

import re

import pytest

from catalog import DATASETS
from local_cloud.redshift import SqlError
from local_cloud.redshift.sql.parsing import parse
from sql.checks import staging_checks, warehouse_checks
from tests.local_cloud.redshift.conftest import Session

LIMITS = {dataset.name: 50 for dataset in DATASETS}
CASTS = re.compile(r"cast\(('[^']*') as varchar\(128\)\)")
ASSIGNED = 'ERROR: failed to find conversion function from "unknown" to character varying (column '
OPERAND = 'ERROR: failed to find conversion function from "unknown" to text (column '


@pytest.fixture(scope="module", autouse=True)
def _tables(session: Session) -> None:
    session.run("create table t (a varchar(9), x varchar(9), n int)", "create table u (x varchar(9), n int)")
    session.run("insert into u values ('a', 1)")


@pytest.mark.parametrize(
    "statement",
    [
        "insert into t (a) select v.x from (select 'a' as x) as v",
        "insert into t (a) select x from (select null as x) as v",
        "insert into t (a) (select v.x from (select ('a') as x) as v)",
        "insert into t (a) with v as (select 'a' as x) select X from v",
        "insert into t (a) with v (y) as (select 'a') select y from v",
        "insert into t (a, n) select * from (select 'a', 1) as v",
        "insert into t (a, n) select v.*, u.n from (select 'a' as x) as v cross join u",
        "insert into t (a) select w.y from (select v.x as y from (select 'a' as x) as v) as w",
        "insert into t (a) select v.y from (select 1, 'a') as v (x, y)",
        "insert into t (a) select v.y from (select 'a' as x, 1 as n from u order by n) as v (y, x)",
        "select v.x from (select 'a' as x) as v union all select u.x from u",
        "select u.x from u union select v.x from (select 'a' as x) as v",
        "select v.x from (select 'a' as x) as v except select v.x from (select 'b' as x) as v",
        "select * from ((select x from (select 'a' as x) as v) union all select x from u) as w",
        "update t set a = v.x from (select 'a' as x) as v",
        "update t set n = 1, a = (v.x) from u cross join (select 'a' as x) as v where u.x = t.x",
    ],
)
def test_a_column_without_a_type_becomes_no_character_varying(session: Session, statement: str) -> None:
    assert session.error(statement).startswith(ASSIGNED)


@pytest.mark.parametrize(
    "statement",
    [
        "select 1 from (select 'a' as x) as v where x = 'a'",
        "select 1 from (select 'a' as X) as V where (v.x) <> 'a'",
        "select 1 from (select 'a' as x) as v where v.x < 'a'",
        "select 1 from (select 'a' as x) as v where v.x <= 'a'",
        "select 1 from (select 'a' as x) as v where 'a' > v.x",
        "select 1 from (select 'a' as x) as v where 'a' >= v.x",
        "select 1 from (select 'a' as x) as v where v.x in ('a', 'b')",
        "select 1 from (select 'a' as x) as v where 'a' between v.x and 'b'",
        "select 1 from (select 'a' as x) as v where v.x not like 'a%'",
        "select 1 from (select 'a' as x) as v where v.x ilike 'a%'",
        "select 1 from (select 'a' as x) as v where v.x ~ 'a'",
        "select case when v.x = 'a' then 1 end from (select 'a' as x) as v",
        "select 1 from (select v.x as y from (select 'a' as x) as v) as w where w.y = 'a'",
        "with v as (select 'a' as x), w as (select * from v) select 1 from w where x = 'a'",
        "select 1 from u inner join (select 'a' as x) as v on u.x = v.x",
        "select 1 from u inner join (select 'a' as x) as v using (x)",
        "select 1 from (select 'a' as x) as v where exists (select 1 from u where u.x = v.x)",
        "select u.x from u where u.n in (select v.n from (select 'a' as x, 1 as n) as v where v.x = 'a')",
        "with v as (select 'a' as x) select x from v order by x",
        "with v as (select 'a' as x, 1 as n) select x, n from v order by 2, 1",
        "with v as (select 'a' as x) select v.x as y from v order by v.x desc",
        "with v as (select 'a' as x, 1 as n) select n from v order by x",
        "select min(x) from (select null as x) as v",
        "select max(v.x) from (select null as x) as v",
        "create table made as select v.x from (select 'a' as x) as v where v.x = 'a'",
        "update t set n = 1 from (select 'a' as x) as v where t.a = v.x",
        "with v as (select 'a' as x) delete from t using v where t.a = v.x",
        "select 1 from (select 'a' as x union all select 'b') as v, (select 'a' as x) as w where w.x = v.x",
    ],
)
def test_a_column_without_a_type_is_no_operand(session: Session, statement: str) -> None:
    assert session.error(statement).startswith(OPERAND)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("insert into t (a, n) select 'a', null", id="INSERT types its own constants"),
        pytest.param("insert into t (a, n) values ('a', null)", id="and its values"),
        pytest.param("insert into t (a) select 'a' as x from (select 'b' as y) as v", id="not used"),
        pytest.param("insert into t (n) select count(*) from (select 'b' as y) as v", id="counted"),
        pytest.param("select count(v.y) from (select null as y) as v", id="counted itself"),
        pytest.param("insert into t (n) select v.n from (select 'b' as y, 1 as n) as v", id="another"),
        pytest.param(
            "insert into t (a, n) select v.x, v.n from (select cast('' as varchar(9)) as x, null::int as n) as v",
            id="cast",
        ),
        pytest.param(
            "insert into t (a) select v.x from (select 'a' as x union all select 'b') as v",
            id="UNION of constants",
        ),
        pytest.param(
            "insert into t (a) select v.x from (select null as x union all select u.x from u) as v",
            id="UNION with a column",
        ),
        pytest.param(
            "insert into t (a) select v.x from ((select 'a' as x) union all (select 'b')) as v",
            id="UNION of arms in parentheses",
        ),
        pytest.param("insert into t (a) select v.x from (select distinct 'a' as x) as v", id="DISTINCT"),
        pytest.param(
            "insert into t (a) select v.x from (select 'a' as x, count(*) from u group by 1) as v",
            id="GROUP BY a position",
        ),
        pytest.param(
            "insert into t (a) select v.x from (select 'a' as x, count(*) from u group by x) as v",
            id="GROUP BY a name",
        ),
        pytest.param(
            "insert into t (a) select v.y from (select 'a' as x from u order by x) as v (y)", id="ORDER BY"
        ),
        pytest.param(
            "insert into t (a) select v.x from (select case when u.n = 1 then 'a' end as x from u) as v",
            id="CASE",
        ),
        pytest.param(
            "insert into t (a, x) select v.x, v.y from (select coalesce(null, 'a') as x, 'a' || 'b' as y) as v",
            id="functions",
        ),
        pytest.param("select * from (select 'a' as x) as v", id="sent to the client"),
        pytest.param("select v.x from (select 'a' as x) as v where v.x is not null", id="compared with NULL"),
        pytest.param("select v.n from (select 'a' as x, 1 as n) as v order by v.n", id="sorted by another"),
        pytest.param(
            "select v.x, u.n from u cross join (select 'a' as x) as v order by u.x",
            id="sorted by one of the same name",
        ),
        pytest.param(
            "select v.n as X from (select 'a' as x, 1 as n) as v order by x", id="sorted by an output"
        ),
        pytest.param("select 'a' as x from (select 'a' as y) as v order by x", id="sorted by a constant"),
        pytest.param(
            "select row_number() over (order by v.x) from (select 'a' as x) as v", id="sorted in a window"
        ),
        pytest.param("create table made_too as select v.x from (select 'a' as x) as v", id="a new table"),
        pytest.param(
            "select 1 from (select 'a' as x) as v where exists (select 1 from u where x = 'b')",
            id="another table's column of that name",
        ),
        pytest.param(
            "select n from u cross join (select 'n', 'x') as v where n = 1", id="a constant like a name"
        ),
        pytest.param(
            "select 1 from (select 'a', 1) as v (y, n) where v.n = 1", id="named by the alias of the query"
        ),
        pytest.param(
            "insert into t (n) select v.x from (select * from (select 'a' as x, 1 as n) as w) as v (y, x)",
            id="all columns named by the alias of the query",
        ),
        pytest.param(
            "insert into t (n) select v.* from (select * exclude (x) from (select 'a' as x, 1 as n) as w) as v",
            id="EXCLUDE",
        ),
        pytest.param(
            "update t set x = v.n from (select 'a' as x, 1 as n) as v where t.n = v.n",
            id="UPDATE of a column of that name",
        ),
        pytest.param("update t set x = 'a', n = null where t.n = 1", id="UPDATE types its own constants"),
        pytest.param(
            "with recursive v (x) as (select 'a' as x union all select v.x || 'b' from v where v.x = 'b') "
            "select x from v",
            id="recursive",
        ),
    ],
)
def test_what_needs_no_conversion_or_has_a_type_runs(session: Session, statement: str) -> None:
    session.run(statement)


def test_a_name_that_two_relations_share_is_refused_as_before(session: Session) -> None:
    shared = session.error("select 1 from (select 'a' as x) as v cross join u as v where v.x = 'a'")
    assert "duplicate alias" in shared.lower()


@pytest.mark.parametrize("column", ["'' as column_name", "'volume' as rule"])
def test_the_check_of_the_volume_names_its_types(column: str) -> None:
    (volume,) = (each for each in staging_checks(LIMITS) if "'volume'" in each)
    assert parse(volume)
    literal, _, name = column.partition(" as ")
    untyped = volume.replace(f"cast({literal} as varchar(128)) as {name}", column)
    with pytest.raises(SqlError, match=f'"unknown" to character varying \\(column {name} of a subquery'):
        parse(untyped)


def test_the_check_of_the_ledger_names_its_types() -> None:
    (ledger,) = (each for each in warehouse_checks() if "'ledger' as rule" in each)
    assert parse(ledger)
    with pytest.raises(SqlError, match="column dataset of a subquery"):
        parse(CASTS.sub(r"\1", ledger))


def test_a_refused_statement_is_refused_again_and_a_batch_with_it_does_nothing(session: Session) -> None:
    session.run("delete from t")
    refused = "insert into t (a) select v.x from (select 'a' as x) as v"
    for _ in range(2):
        assert session.error("insert into t (a) values ('b')", refused).startswith(
            f"Query #2 failed with {ASSIGNED}x "
        )
    assert session.rows("select a from t") == []
