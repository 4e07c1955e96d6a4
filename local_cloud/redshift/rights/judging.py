"""What a statement needs, and what Redshift answers a user who lacks it (SQLSTATE 42501, insufficient_privilege).

"Default permissions for database objects", GRANT, and "Required privileges" of each command in Redshift's Database Developer Guide.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.rights.register import Register
from local_cloud.redshift.sql.changes import Account, Change, Grant, Membership, Ownership
from local_cloud.redshift.sql.tables import qualified_name

_PUBLIC_SCHEMA = "main"
_OF_EVERYBODY = {"information_schema", "pg_catalog"}
_SYSTEM_VIEWS = ("pg_", "svv_", "sys_", "stl_", "stv_", "svl_")
_ON_TARGET: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Insert: ("insert",),
    exp.Copy: ("insert",),
    exp.Delete: ("delete",),
    exp.Update: ("update",),
    exp.Merge: ("insert", "update", "select"),
}


@dataclass(frozen=True)
class Judge:
    """Judges the statements of one user who is no superuser; the tables in `temporary` are the session's own."""

    register: Register
    user: str
    temporary: frozenset[str] = frozenset()

    def require(self, tree: exp.Expr) -> None:
        """SqlError in Redshift's words if the user may not run the statement."""
        target = target_of(tree)
        for privilege in _ON_TARGET.get(type(tree), ()):
            self._require_on_table(privilege, target)
        match tree:
            case exp.Create():
                self._require_create(tree, target)
            case exp.Drop() | exp.Alter() | exp.TruncateTable() | exp.Comment():
                for table in tree.find_all(exp.Table) if not isinstance(tree, exp.Alter) else [target]:
                    self._require_ownership(tree, table)
            case exp.Lock():
                for table in tree.expressions:
                    self._require_any(table)
        if not isinstance(tree, exp.Drop | exp.Alter | exp.TruncateTable | exp.Comment | exp.Lock):
            for table in sources_of(tree, target):
                self._require_on_table("select", table)

    def require_change(self, change: Change) -> None:
        """SqlError if the user may not change rights like that."""
        match change:
            case Account(kind):
                raise SqlError(f"must be superuser to create or drop a {kind}")
            case Membership(role):
                raise SqlError(f'permission denied to grant or revoke role "{role}"')
            case Grant(kind="database", objects=objects) | Grant(kind="tables", objects=objects):
                raise SqlError(f"permission denied for {change.kind} {objects[0]}")
            case Grant(kind=kind, objects=objects):
                for name in objects:
                    if not self.register.owns(self.user, kind, name):
                        raise _denied("relation" if kind == "table" else kind, name)
            case Ownership(kind, name):
                # also of one's own: the new owner has to agree, and nobody but a superuser speaks for two users
                raise _not_owner("relation" if kind == "table" else kind, name)

    def _require_create(self, tree: exp.Create, target: exp.Table) -> None:
        if tree.kind == "SCHEMA":
            if not self._may("create", "database", None):
                raise SqlError("permission denied for database")
        elif not is_temporary(tree):
            self._require_on_schema("create", target)

    def _require_ownership(self, tree: exp.Expr, table: exp.Table) -> None:
        if isinstance(tree, exp.Drop) and tree.kind == "SCHEMA":
            if self.register.exists("schema", table.db) and not self.register.owns(
                self.user, "schema", table.db.lower()
            ):
                raise _not_owner("schema", table.db)
            return
        name = qualified_name(table)
        self._require_on_schema("usage", table)
        if not self._is_own(name) and self.register.exists("table", name):
            raise _not_owner("relation", table.name)

    def _require_any(self, table: exp.Table) -> None:
        self._require_on_schema("usage", table)
        name = qualified_name(table)
        privileges = ("select", "insert", "update", "delete")
        if not any(self._has(privilege, table) for privilege in privileges) and self.register.exists(
            "table", name
        ):
            raise _denied("relation", table.name)

    def _require_on_table(self, privilege: str, table: exp.Table) -> None:
        if self._is_of_everybody(table):
            return
        self._require_on_schema("usage", table)
        if not self._has(privilege, table) and self.register.exists("table", qualified_name(table)):
            raise _denied("relation", table.name)

    def _require_on_schema(self, privilege: str, table: exp.Table) -> None:
        schema = (table.db or _PUBLIC_SCHEMA).lower()
        if schema == _PUBLIC_SCHEMA or self.register.owns(self.user, "schema", schema):
            return
        if not self._may(privilege, "schema", schema) and self.register.exists("schema", schema):
            raise _denied("schema", schema)

    def _has(self, privilege: str, table: exp.Table) -> bool:
        name = qualified_name(table)
        schema = name.partition(".")[0]
        return (
            self._is_own(name)
            or self._may(privilege, "table", name)
            or self._may(privilege, "tables", schema)
        )

    def _is_own(self, name: str) -> bool:
        return name in self.temporary or self.register.owns(self.user, "table", name)

    def _may(self, privilege: str, kind: str, name: str | None) -> bool:
        """Whether the user has a grant, by name or by a role; of a database whatever its name, as the file holds only one."""
        grantees = self.register.grantees(self.user)
        return any(
            granted in {privilege, "all"}
            and found == kind
            and name in {None, object_}
            and grantee in grantees
            for granted, found, object_, grantee in self.register.grants
        )

    def _is_of_everybody(self, table: exp.Table) -> bool:
        return table.db.lower() in _OF_EVERYBODY or (
            not table.db and table.name.lower().startswith(_SYSTEM_VIEWS)
        )


def target_of(tree: exp.Expr) -> exp.Table:
    """The table that a statement changes, or makes; of a schema a table without a name. Of a query an empty one."""
    this = tree.this if isinstance(tree, exp.DML | exp.Copy | exp.Create | exp.Alter) else None
    found = this.this if isinstance(this, exp.Schema) else this
    return found if isinstance(found, exp.Table) else exp.Table()


def sources_of(tree: exp.Expr, target: exp.Table) -> Iterator[exp.Table]:
    """The tables that a statement reads."""
    named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        is_cte = not table.db and table.name.lower() in named
        if table is not target and table.name and not is_cte and table.find_ancestor(exp.Copy) is None:
            yield table


def is_temporary(create: exp.Create) -> bool:
    """Whether the table lasts as long as the session."""
    properties = create.args.get("properties")
    return bool(properties and properties.find(exp.TemporaryProperty))


def _denied(kind: str, name: str) -> SqlError:
    return SqlError(f"permission denied for {kind} {name.rpartition('.')[2].lower()}")


def _not_owner(kind: str, name: str) -> SqlError:
    return SqlError(f"must be owner of {kind} {name.rpartition('.')[2].lower()}")
