"""A statement is parsed once, however often it is sent: nothing changes the tree that all its runs share."""

import pytest

from local_cloud.redshift.sql.parsing import parse
from sql import statements
from tests.local_cloud.redshift.conftest import Session

BOOKS = (
    "create table parsed.books (book_id bigint not null distkey sortkey, title varchar(40), seen timestamp)"
)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("create schema if not exists parsed", id="a schema"),
        pytest.param(
            "create table parsed.copies (title varchar(40) encode zstd) diststyle all", id="a table"
        ),
        pytest.param(
            "insert into parsed.books values (1, 'a', getdate()), (2, null, sysdate)", id="an insert"
        ),
        pytest.param("update parsed.books set title = book_id / 2 || title", id="an update"),
        pytest.param(
            "merge into parsed.books using parsed.news on books.book_id = news.book_id "
            "when matched then update set title = news.title when not matched then insert (book_id) values (news.book_id)",
            id="a merge",
        ),
        pytest.param("alter table parsed.books add column isbn varchar(13)", id="a new column"),
        pytest.param("alter table parsed.books alter column title type varchar(80)", id="a wider column"),
        pytest.param("alter table parsed.books rename to volumes", id="another name"),
        pytest.param("select listagg(title, ', '), avg(book_id), count(*) from parsed.books", id="a query"),
        pytest.param(
            "delete from parsed.books using parsed.news where books.book_id = news.book_id", id="delete"
        ),
        pytest.param("lock table parsed.books, parsed.news", id="a lock"),
        pytest.param("drop table parsed.books", id="a table's end"),
    ],
)
def test_a_statement_that_ran_has_the_tree_that_its_text_has(session: Session, sql: str) -> None:
    session.run("drop schema if exists parsed cascade", "create schema parsed", BOOKS)
    session.run("create table parsed.news (book_id bigint, title varchar(40))")
    session.run(sql)
    assert parse(sql) == parse.__wrapped__(sql)


def test_the_statements_of_a_run_are_all_remembered() -> None:
    texts = {*statements.create_tables(), *statements.create_staging(), *statements.publish()}
    assert 2 * len(texts) < parse.cache_parameters()["maxsize"]


def test_columns_may_be_named_like_the_attributes_of_layout(session: Session) -> None:
    session.run("drop schema if exists parsed cascade", "create schema parsed")
    session.run(
        "create table parsed.t (sortkey integer not null, distkey numeric(3, 2) encode az64 distkey sortkey, a varchar(3) SORTKEY)"
    )
    session.run(
        "create table parsed.copied distkey (distkey) sortkey (sortkey) as (select sortkey, distkey from parsed.t)"
    )
    assert session.rows("select sortkey, distkey from parsed.copied") == []
