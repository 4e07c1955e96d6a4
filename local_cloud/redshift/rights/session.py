"""The rights of one user in one transaction: asked before a statement, and kept true after it."""

import duckdb
from sqlglot import exp

from local_cloud.redshift.rights.judging import Judge, is_temporary, target_of
from local_cloud.redshift.rights.register import Register
from local_cloud.redshift.sql.changes import Change
from local_cloud.redshift.sql.tables import qualified_name


class Rights:
    """`user` is None for the superuser, who may do everything."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, user: str | None) -> None:
        self._connection = connection
        self._user = user
        self._register: Register | None = None
        self._temporary = set[str]()

    def require(self, tree: exp.Expr) -> None:
        """SqlError in Redshift's words if the user may not run the statement."""
        if self._user is not None:
            self._judge(self._user, self._current()).require(tree)

    def require_lock(self, lock: exp.Lock, committed: duckdb.DuckDBPyConnection) -> None:
        """The same for LOCK, asked of another connection: the transaction's own view must begin after the wait for the lock."""
        if self._user is not None:
            self._judge(self._user, Register(committed)).require(lock)

    def change(self, change: Change) -> None:
        """Change the rights. SqlError if the user may not."""
        register = self._current()
        if self._user is not None:
            self._judge(self._user, register).require_change(change)
        register.change(change)
        self._register = None

    def is_new(self, tree: exp.Expr) -> bool:
        """Whether the statement, which has not run yet, makes an object that was not there."""
        if not isinstance(tree, exp.Create):
            return False
        kind, name = _named(tree, target_of(tree))
        return not self._current().exists(kind, name)

    def follow(self, tree: exp.Expr, *, is_new: bool) -> None:
        """Note what the statement, which has run, means for the owners: who makes an object owns it, until it is dropped."""
        match tree:
            case exp.Create() if is_temporary(tree):
                self._temporary.add(qualified_name(target_of(tree)))
            case exp.Create() if is_new and self._user is not None:
                self._current().own(*_named(tree, target_of(tree)), self._user)
            case exp.Drop():
                for table in tree.find_all(exp.Table):
                    self._current().forget(*_named(tree, table))
                self._register = None
            case exp.Alter(actions=[exp.AlterRename(this=renamed)]):
                old = qualified_name(tree.this)
                self._current().rename(old, f"{old.rpartition('.')[0]}.{renamed.name.lower()}")
                self._register = None
            case _:
                pass

    def _current(self) -> Register:
        if self._register is None:
            self._register = Register(self._connection)
        return self._register

    def _judge(self, user: str, register: Register) -> Judge:
        return Judge(register, user, frozenset(self._temporary))


def _named(tree: exp.Expr, table: exp.Table) -> tuple[str, str]:
    """Kind and name of an object, as the register has them."""
    is_schema = isinstance(tree, exp.Create | exp.Drop) and tree.kind == "SCHEMA"
    return ("schema", table.db.lower()) if is_schema else ("table", qualified_name(table))
