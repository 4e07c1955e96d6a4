"""Users, roles, owners and grants: what Redshift refuses a user, and in which words."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local_cloud.redshift import RedshiftEngine
from tests.local_cloud.redshift.conftest import CLUSTER, end_of


@dataclass(frozen=True)
class As:
    """Statements of one database user, straight on an engine; the master user is admin."""

    engine: RedshiftEngine
    user: str

    def run(self, *statements: str) -> str:
        """Run a batch, or one statement; its error, empty if it succeeds."""
        sqls = {"Sql": statements[0]} if len(statements) == 1 else {"Sqls": list(statements)}
        submit = self.engine.execute_statement if "Sql" in sqls else self.engine.batch_execute_statement
        ended = end_of(self.engine, str(submit({**CLUSTER, "DbUser": self.user, **sqls})["Id"]))
        return str(ended.get("Error", ""))

    def rows(self, sql: str) -> list[list[Any]]:
        """The values of a query that must succeed."""
        identifier = self.engine.execute_statement({**CLUSTER, "DbUser": self.user, "Sql": sql})["Id"]
        assert end_of(self.engine, identifier)["Status"] == "FINISHED"
        records = self.engine.get_statement_result({"Id": identifier})["Records"]
        return [[next(iter(field.values())) for field in record] for record in records]


SET_UP = (
    "create user loader password disable",
    "create role readers",
    'create user "IAM:ada" password disable',
    "grant create on database dev to loader",
    'grant role readers to "IAM:ada"',
)
OWNED = (
    "create schema warehouse",
    "create schema staging",
    "create table warehouse.books (n integer)",
    "create table staging.books (n integer)",
    "insert into warehouse.books values (1)",
)
READING = (
    "grant usage on schema warehouse to role readers",
    "grant select for tables in schema warehouse to role readers",
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RedshiftEngine]:
    with RedshiftEngine(tmp_path / "dev.duckdb", tmp_path) as engine:
        assert As(engine, "admin").run(*SET_UP) == ""
        assert As(engine, "loader").run(*OWNED) == ""
        assert As(engine, "admin").run(*READING) == ""
        yield engine


def admin(engine: RedshiftEngine) -> As:
    return As(engine, "admin")


def loader(engine: RedshiftEngine) -> As:
    return As(engine, "loader")


def ada(engine: RedshiftEngine) -> As:
    return As(engine, "IAM:ada")


def test_a_user_that_does_not_exist_cannot_log_in(engine: RedshiftEngine) -> None:
    assert As(engine, "nobody").run("select 1") == 'FATAL: user "IAM:nobody" does not exist'


def test_an_identity_of_iam_can_log_in_unasked_and_sees_nothing(engine: RedshiftEngine) -> None:
    stranger = As(engine, "IAMR:stranger")
    assert stranger.run("select 1") == ""
    assert stranger.run("select * from warehouse.books") == "ERROR: permission denied for schema warehouse"


def test_a_reader_reads_what_the_role_may_read(engine: RedshiftEngine) -> None:
    assert ada(engine).rows("with books as (select n from warehouse.books) select n from books") == [[1]]


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("select * from staging.books", "permission denied for schema staging"),
        (
            "select * from warehouse.books where n in (select n from staging.books)",
            "permission denied for schema staging",
        ),
        ("insert into warehouse.books values (2)", "permission denied for relation books"),
        ("update warehouse.books set n = 2", "permission denied for relation books"),
        ("delete from warehouse.books", "permission denied for relation books"),
        (
            (
                "merge into warehouse.books using warehouse.books as new on books.n = new.n "
                "when matched then update set n = 2 when not matched then insert values (new.n)"
            ),
            "permission denied for relation books",
        ),
        (
            "copy warehouse.books from 's3://x/y' iam_role 'z' format as parquet",
            "permission denied for relation books",
        ),
        ("truncate table warehouse.books", "must be owner of relation books"),
        ("drop table warehouse.books", "must be owner of relation books"),
        ("alter table warehouse.books add column m integer", "must be owner of relation books"),
        ("alter table warehouse.books rename to mine", "must be owner of relation books"),
        ('alter table warehouse.books owner to "IAM:ada"', "must be owner of relation books"),
        ('alter schema warehouse owner to "IAM:ada"', "must be owner of schema warehouse"),
        ("drop schema warehouse cascade", "must be owner of schema warehouse"),
        ("create table warehouse.mine (n integer)", "permission denied for schema warehouse"),
        ("create schema mine", "permission denied for database"),
        ("create user eve password disable", "must be superuser to create or drop a user"),
        ("create role lords", "must be superuser to create or drop a role"),
        ('grant role readers to "IAM:ada"', 'permission denied to grant or revoke role "readers"'),
        ('grant usage on schema staging to "IAM:ada"', "permission denied for schema staging"),
        ('grant select on staging.books to "IAM:ada"', "permission denied for relation books"),
        ("select * from warehouse.nothing", 'relation "nothing" does not exist'),
    ],
)
def test_a_reader_is_refused_in_redshifts_words(engine: RedshiftEngine, sql: str, refusal: str) -> None:
    assert ada(engine).run(sql).startswith(f"ERROR: {refusal}")
    assert loader(engine).rows("select n from warehouse.books") == [[1]]


def test_a_lock_needs_a_right_to_the_table(engine: RedshiftEngine) -> None:
    locking = ("lock staging.books", "select 1 as one")
    assert ada(engine).run(*locking) == "Query #1 failed with ERROR: permission denied for schema staging"
    assert loader(engine).run(*locking) == ""


def test_unload_needs_the_right_to_read(engine: RedshiftEngine) -> None:
    unload = "unload ('select * from staging.books') to 's3://bucket/x' iam_role 'y' csv"
    assert ada(engine).run(unload) == "ERROR: permission denied for schema staging"


def test_a_role_reads_tables_that_are_made_later_and_made_anew(engine: RedshiftEngine) -> None:
    later = ("create table warehouse.later (n integer)", "insert into warehouse.later values (3)")
    anew = ("drop table warehouse.books", "create table warehouse.books (n integer)")
    assert loader(engine).run(*later, *anew) == ""
    assert ada(engine).rows("select n from warehouse.later") == [[3]]
    assert ada(engine).rows("select n from warehouse.books") == []


def test_a_grant_on_one_table_goes_with_the_table(engine: RedshiftEngine) -> None:
    granting = (
        'grant usage on schema staging to "IAM:ada"',
        'grant select, delete on staging.books to "IAM:ada"',
    )
    assert loader(engine).run(*granting) == ""
    assert ada(engine).run("delete from staging.books") == ""
    renaming = (
        "alter table staging.books rename to old",
        "create table staging.books (n integer)",
    )
    assert loader(engine).run(*renaming) == ""
    assert ada(engine).run("select * from staging.old") == ""
    assert ada(engine).run("select * from staging.books") == "ERROR: permission denied for relation books"
    assert loader(engine).run("drop table staging.old", "create table staging.old (n integer)") == ""
    assert ada(engine).run("select * from staging.old") == "ERROR: permission denied for relation old"


def test_what_is_revoked_is_refused(engine: RedshiftEngine) -> None:
    assert admin(engine).run('revoke role readers from "IAM:ada"') == ""
    assert ada(engine).run("select * from warehouse.books") == "ERROR: permission denied for schema warehouse"
    assert (
        admin(engine).run(
            'grant role readers to "IAM:ada"',
            "revoke select for tables in schema warehouse from role readers",
        )
        == ""
    )
    assert ada(engine).run("select * from warehouse.books") == "ERROR: permission denied for relation books"


def test_who_makes_a_table_owns_it_and_a_superuser_can_hand_it_over(engine: RedshiftEngine) -> None:
    assert admin(engine).run("create table warehouse.old (n integer)") == ""
    assert loader(engine).run("drop table warehouse.old") == "ERROR: must be owner of relation old"
    assert admin(engine).run("alter table warehouse.old owner to loader") == ""
    assert loader(engine).run("alter table warehouse.old add column m integer") == ""
    assert loader(engine).run("drop table warehouse.old") == ""


def test_creating_what_is_there_changes_no_owner(engine: RedshiftEngine) -> None:
    assert admin(engine).run("create table warehouse.old (n integer)") == ""
    assert loader(engine).run("create table if not exists warehouse.old (n integer)") == ""
    assert loader(engine).run("drop table warehouse.old") == "ERROR: must be owner of relation old"


def test_a_temporary_table_is_the_sessions_own(engine: RedshiftEngine) -> None:
    sqls = (
        "create temp table mine (n integer)",
        "insert into mine select n from warehouse.books",
        "select n from mine",
    )
    assert ada(engine).run(*sqls) == ""


def test_a_batch_that_fails_leaves_the_rights_as_they_were(engine: RedshiftEngine) -> None:
    failed = admin(engine).run("create user late password disable", "select * from nowhere")
    assert 'relation "nowhere" does not exist' in failed
    assert As(engine, "late").run("select 1") == 'FATAL: user "IAM:late" does not exist'


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("create user loader password disable", 'user "loader" already exists'),
        ("create role readers", 'role "readers" already exists'),
        ("drop user nobody", 'user "nobody" does not exist'),
        ("grant role lords to loader", 'role "lords" does not exist'),
        ("grant usage on schema warehouse to nobody", 'user "nobody" does not exist'),
        ("drop user loader", 'user "loader" cannot be dropped because some objects depend on it'),
        ('drop user "IAM:ada"', 'user "IAM:ada" cannot be dropped because some objects depend on it'),
        ("create group readers", "not supported locally: create group readers"),
        ("grant select on all tables in schema warehouse to loader", "not supported locally"),
    ],
)
def test_the_superuser_too_is_told_of_a_change_that_cannot_be(
    engine: RedshiftEngine, sql: str, refusal: str
) -> None:
    assert admin(engine).run(sql).startswith(f"ERROR: {refusal}")


def test_users_and_roles_can_be_looked_up(engine: RedshiftEngine) -> None:
    assert ada(engine).rows("select user_name, role_name from svv_user_grants") == [["IAM:ada", "readers"]]
    assert ada(engine).rows("select role_name from svv_roles") == [["readers"]]
    assert sorted(admin(engine).rows("select user_name from svv_user_info")) == [["IAM:ada"], ["loader"]]


def test_the_rights_are_in_the_warehouses_file(tmp_path: Path) -> None:
    for attempt in range(2):
        with RedshiftEngine(tmp_path / "dev.duckdb", tmp_path) as engine:
            if not attempt:
                assert admin(engine).run(*SET_UP) == ""
                assert loader(engine).run(*OWNED) == ""
                assert admin(engine).run(*READING) == ""
            assert ada(engine).rows("select n from warehouse.books") == [[1]]
            assert (
                ada(engine).run("delete from warehouse.books")
                == "ERROR: permission denied for relation books"
            )


def test_nobody_reads_or_writes_a_file_outside_of_the_buckets(tmp_path: Path) -> None:
    (tmp_path / "buckets").mkdir()
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with RedshiftEngine(tmp_path / "dev.duckdb", tmp_path / "buckets") as engine:
        for file in (secret, tmp_path / "buckets" / ".." / "secret.csv"):
            for query in (f"select * from read_csv('{file}')", f"select * from '{file}'"):
                assert "Cannot access file" in As(engine, "admin").run(query)
