"""The DuckDB file: one transaction at a time per connection, with Redshift's view of conflicts."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
from sqlglot import exp

from local_cloud.redshift import alter_table, copy_command, results, unload_command
from local_cloud.redshift.access import S3Access
from local_cloud.redshift.errors import SqlError, from_duckdb, isolation_violation
from local_cloud.redshift.rights import Rights, create_register, require_login
from local_cloud.redshift.sql.changes import Change
from local_cloud.redshift.sql.dialect import multiple_matches, to_duckdb
from local_cloud.redshift.sql.parsing import REMEMBERED, parameter_names, parse
from local_cloud.redshift.sql.tables import columns_of, qualified_name

# Redshift divides integers without a remainder, its sessions are in UTC, and it keeps no order of rows. In DuckDB, to keep the order a load
# waits in memory until it is committed: 1.3 GB of Parquet took 27 s and 7.3 GB instead of 11 s and 2.8 GB. Compressing texts takes as
# long as the rest of a load; without it the file is half as large again. To look whether a dictionary would be smaller takes a quarter of what is
# left, and makes a file of reviews 3 % smaller. What is committed stands in the log until the file is closed, or the log has a gigabyte:
# to write it into the file after every 16 MB took half a second of a run of 122 MB.
_SETTINGS = """
    set global integer_division = true;
    set global timezone = 'UTC';
    set global preserve_insertion_order = false;
    set global memory_limit = '4GB';
    set global disabled_compression_methods = 'fsst,dict_fsst,dictionary';
    set global checkpoint_threshold = '1GB';
"""
_CHANGING = (exp.Alter, exp.Delete, exp.Merge, exp.Update)
_BEGAN = "\ue000when this statement began"
"""Stands in a translated statement for the time of its start, which differs each time that the statement runs. U+E000 means nothing in any text."""


@dataclass(frozen=True)
class Outcome:
    """`rows` is the number returned or affected, `result` the rows of a query."""

    rows: int = 0
    result: results.ResultSet | None = None


class Warehouse:
    """Owns the file and the S3 folder that COPY reads, with `access` only what a role may. Call `close` before the interpreter ends."""

    def __init__(self, database: Path, buckets: Path, access: S3Access | None = None) -> None:
        self._buckets = buckets
        self._access = access
        self._connection = duckdb.connect(str(database))
        self._connection.execute(_SETTINGS)
        # No statement reads or writes another file of this machine: read_text() and its like, which Redshift does not have, look there
        self._connection.execute("set global allowed_directories = [$1]", [str(buckets)])
        self._connection.execute("set global enable_external_access = false")
        create_register(self._connection)
        self._connection.execute(files(__package__).joinpath("macros.sql").read_text())
        self._locked: dict[str, Transaction] = {}
        self._unlocked = threading.Condition()
        self._committing = threading.Lock()
        self._clock = 0
        self._changed_at: dict[str, int] = {}

    def close(self) -> None:
        """Write everything to the file and release it."""
        self._connection.close()

    @contextmanager
    def transaction(self, user: str | None = None) -> Iterator["Transaction"]:
        """A transaction of a database user, None for the superuser, on its own connection; rolled back unless `commit` was called.

        LoginError if there is no such user.
        """
        with self._connection.cursor() as other:
            require_login(other, user)
        connection = self._connection.cursor()
        transaction = Transaction(connection, self, self._buckets, self._access, user)
        try:
            with connection:
                connection.execute("begin")
                yield transaction
        finally:  # after the connection has ended: its end rolls back what was not committed
            self._unlock(transaction)

    def committed(self) -> duckdb.DuckDBPyConnection:
        """A connection that sees what is committed, for a transaction that must not look itself: its snapshot would begin before a lock."""
        return self._connection.cursor()

    @property
    def clock(self) -> int:
        """The number of commits so far."""
        return self._clock

    def lock(self, transaction: "Transaction", table: exp.Table) -> None:
        """Wait until no other transaction locks the table, then lock it until this transaction ends.

        SqlError if the table does not exist, duckdb.InterruptException if the transaction is interrupted.
        """
        name = qualified_name(table)
        with self.committed() as other:
            columns_of(other, table)
        with self._unlocked:
            self._unlocked.wait_for(
                lambda: transaction.interrupted or self._locked.get(name, transaction) is transaction
            )
            if transaction.interrupted:
                raise duckdb.InterruptException(f"interrupted while {name} was locked by another transaction")
            self._locked[name] = transaction

    def stop_waiting(self) -> None:
        """Wake the transactions that wait for a lock, so that they see an interruption."""
        with self._unlocked:
            self._unlocked.notify_all()

    def _unlock(self, transaction: "Transaction") -> None:
        with self._unlocked:
            self._locked = {
                name: holder for name, holder in self._locked.items() if holder is not transaction
            }
            self._unlocked.notify_all()

    def commit(self, transaction: "Transaction") -> None:
        """SqlError 1023 if another transaction changed one of the same tables and has committed since this one began.

        DuckDB alone notices only conflicts on the same row: two merges that insert the same new key would both
        commit. Redshift's transactions are serializable, so one of the two fails.
        """
        with self._committing:
            for table in sorted(transaction.changed):
                if self._changed_at.get(table, 0) > transaction.sees:
                    raise isolation_violation(table)
            try:
                transaction.connection.commit()
            except duckdb.Error as error:
                raise from_duckdb(error, ", ".join(sorted(transaction.changed))) from None
            self._clock += 1
            self._changed_at.update(dict.fromkeys(transaction.changed, self._clock))


class Transaction:
    """Statements in Redshift SQL, run one after the other; SqlError from each that fails.

    The transaction sees everything committed before its first statement. LOCK does not count as a statement here, as on
    Redshift: after the wait for a lock, the transaction sees the commit of the transaction that held it.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        owner: Warehouse,
        buckets: Path,
        access: S3Access | None = None,
        user: str | None = None,
    ) -> None:
        self.connection = connection
        self.interrupted = False
        self.sees = 0
        self.changed: set[str] = set()
        self._begun = False
        self._rights = Rights(connection, user)
        self._owner = owner
        self._buckets = buckets
        self._access = access.of(user) if access else None

    def run(self, sql: str, parameters: dict[str, str]) -> Outcome:
        """Run one statement with the parameters that it names."""
        tree = parse(sql)
        if tree is None:
            return Outcome()
        if isinstance(tree, exp.Lock):
            with self._owner.committed() as other:
                self._rights.require_lock(tree, other)
            for table in tree.expressions:
                self._owner.lock(self, table)
            return Outcome()
        if not self._begun:
            self._begun, self.sees = True, self._owner.clock
        if isinstance(tree, exp.Command):
            return self._command(tree)
        self._rights.require(tree)
        is_new = self._rights.is_new(tree)
        outcome = self._run(sql, tree, _bound(sql, parameters))
        self._rights.follow(tree, is_new=is_new)
        return outcome

    def _run(self, sql: str, tree: exp.Expr, used: dict[str, str]) -> Outcome:
        target = tree.find(exp.Table)
        table = qualified_name(target) if target else "?"
        try:
            *first, last = self._translate(sql, tree)
            if isinstance(tree, exp.Merge):
                self._refuse_multiple_matches(sql, used)
            for statement in first:
                self.connection.execute(statement)
            self.connection.execute(last, used)
            if isinstance(tree, exp.Query):
                result = results.fetch(self.connection)
                return Outcome(result.rows, result)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise from_duckdb(error, table) from None
        if isinstance(tree, _CHANGING):
            self.changed.add(table)
        return Outcome(self._affected(tree))

    def commit(self) -> None:
        """Make the changes of all statements visible at once."""
        self._owner.commit(self)

    def interrupt(self) -> None:
        """Interrupt the running statement or the wait for a lock, from another thread."""
        self.interrupted = True
        self._owner.stop_waiting()
        self.connection.interrupt()

    def _translate(self, sql: str, tree: exp.Expr) -> list[str]:
        if isinstance(tree, exp.Copy):
            return [copy_command.to_insert(self.connection, self._buckets, tree, self._access)]
        made_anew = alter_table.to_statements(self.connection, tree) if isinstance(tree, exp.Alter) else None
        return made_anew or [_in_duckdb(sql).replace(_BEGAN, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}")]

    def _command(self, command: exp.Command) -> Outcome:
        if command.name == "rights":
            change: Change = command.args["expression"]
            self._rights.change(change)
            return Outcome()
        return self._unload(str(command.expression))

    def _unload(self, text: str) -> Outcome:
        asked = unload_command.read_unload(text)
        self._rights.require(asked.query)
        try:
            unload_command.unload(self.connection, self._buckets, asked, self._access)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise from_duckdb(error, "?") from None
        return Outcome()

    def _refuse_multiple_matches(self, merge: str, parameters: dict[str, str]) -> None:
        query, names = _for_multiple_matches(merge)
        if query and self.connection.execute(query, {name: parameters[name] for name in names}).fetchone():
            raise SqlError("Found multiple matches to update the same tuple.")

    def _affected(self, tree: exp.Expr) -> int:
        # The Data API reports 0 rows for a COPY, however many it loaded.
        if not isinstance(tree, exp.DML) or isinstance(tree, exp.Copy):
            return 0
        row = self.connection.fetchone()
        return int(row[0]) if row else 0


@lru_cache(REMEMBERED)
def _in_duckdb(sql: str) -> str:
    """A statement in DuckDB's SQL, with _BEGAN for the time of GETDATE."""
    tree = parse(sql)
    return to_duckdb(_with_its_beginning(tree)) if tree else ""


@lru_cache(REMEMBERED)
def _for_multiple_matches(merge: str) -> tuple[str, frozenset[str]]:
    """The query of `multiple_matches` in DuckDB's SQL, and the parameters it uses; empty if there is none."""
    tree = parse(merge)
    matches = multiple_matches(tree) if isinstance(tree, exp.Merge) else None
    if matches is None:
        return "", frozenset()
    return to_duckdb(matches), frozenset(node.name for node in matches.find_all(exp.Placeholder))


def _with_its_beginning(tree: exp.Expr) -> exp.Expr:
    """The statement with _BEGAN for GETDATE: Redshift's GETDATE is the start of its statement, DuckDB's that of the transaction.

    "GETDATE function" and "SYSDATE function" in Redshift's Database Developer Guide. A statement that creates a table stays as it is, so
    that the default of a column stays a function.
    """
    if isinstance(tree, exp.Create) or not tree.find(exp.CurrentTimestamp):
        return tree
    begun = tree.copy()
    for function in list(begun.find_all(exp.CurrentTimestamp)):
        if _asks_the_time(function):
            function.replace(exp.cast(exp.Literal.string(_BEGAN), "timestamp"))
    return begun


def _asks_the_time(function: exp.Expr) -> bool:
    """Whether it is GETDATE. TRUNC of GETDATE is a date, as the translation of the whole knows."""
    return not function.args.get("sysdate") and not isinstance(function.parent, exp.Trunc)


def _bound(sql: str, parameters: Mapping[str, str]) -> dict[str, str]:
    names = parameter_names(sql)
    if missing := sorted(names - parameters.keys()):
        # The Data API passes on a parameter without a value, and Redshift cannot parse it.
        raise SqlError(f'syntax error at or near ":{missing[0]}": no parameter of that name was given')
    return {name: parameters[name] for name in names}


def read_only_query(
    database: Path, sql: str, parameters: Mapping[str, str] = MappingProxyType({})
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a query in Redshift SQL, straight from the file, while no endpoint runs.

    SqlError if the text is not a query, if the query fails, or if the file cannot be opened: it does not exist, or a
    running endpoint owns it.
    """
    tree = parse(sql)
    if not isinstance(tree, exp.Query):
        raise SqlError("only queries can be run here: expected SELECT or WITH")
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute(_SETTINGS)
            rows = connection.execute(to_duckdb(tree), _bound(sql, parameters)).fetchall()
            return [name.lower() for name, *_ in connection.description], rows
    except duckdb.Error as error:
        raise from_duckdb(error, "?") from None
