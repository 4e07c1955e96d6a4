"""Users, roles, owners and grants: kept in the warehouse's file, and changed in the transaction that changes them."""

from dataclasses import dataclass, field
from itertools import product

import duckdb

from local_cloud.redshift.errors import LoginError, SqlError
from local_cloud.redshift.sql.changes import Account, Change, Grant, Grantee, Membership, Ownership

_TABLES = """
    create schema if not exists redshift_rights;
    create table if not exists redshift_rights.accounts (kind varchar, name varchar);
    create table if not exists redshift_rights.members (role_name varchar, kind varchar, name varchar);
    create table if not exists redshift_rights.owners (kind varchar, name varchar, owner varchar);
    create table if not exists redshift_rights.grants (
        privilege varchar, kind varchar, object varchar, grantee_kind varchar, grantee varchar
    );
"""
_EXISTS = """
    select 1 from duckdb_tables() where $kind = 'table' and lower(schema_name || '.' || table_name) = $name
    union all
    select 1 from duckdb_views() where $kind = 'table' and lower(schema_name || '.' || view_name) = $name
    union all
    select 1 from duckdb_schemas() where $kind = 'schema' and lower(schema_name) = $name
"""
_PUBLIC = Grantee("public", "")


def is_identity(user: str) -> bool:
    """Whether the user stands for an identity of IAM: Redshift makes such a user when it logs in for the first time."""
    return user.startswith(("IAM:", "IAMR:"))


def create_register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the register where they are missing."""
    connection.execute(_TABLES)


def require_login(connection: duckdb.DuckDBPyConnection, user: str | None) -> None:
    """LoginError if there is no such user; the superuser, None, is always there.

    How Redshift names the user in the error is not documented: GetClusterCredentials prefixes the name with IAM:.
    """
    if user is not None and not Register(connection).knows(user):
        raise LoginError(f'user "IAM:{user}" does not exist')


@dataclass
class Register:
    """The rights as one transaction sees them. What has no owner belongs to the superuser."""

    connection: duckdb.DuckDBPyConnection
    accounts: set[tuple[str, str]] = field(init=False)
    members: dict[Grantee, set[str]] = field(init=False)
    owners: dict[tuple[str, str], str] = field(init=False)
    grants: set[tuple[str, str, str, Grantee]] = field(init=False)

    def __post_init__(self) -> None:
        """Read everything: it is a few dozen rows."""
        self.accounts = {(kind, name) for kind, name in self._rows("accounts")}
        self.members = {}
        for role, kind, name in self._rows("members"):
            self.members.setdefault(Grantee(kind, name), set()).add(role)
        self.owners = {(kind, name): owner for kind, name, owner in self._rows("owners")}
        self.grants = {
            (privilege, kind, name, Grantee(grantee_kind, grantee))
            for privilege, kind, name, grantee_kind, grantee in self._rows("grants")
        }

    def knows(self, user: str) -> bool:
        """Whether the user can log in."""
        return is_identity(user) or ("user", user) in self.accounts

    def exists(self, kind: str, name: str) -> bool:
        """Whether there is such a table, view or schema."""
        asked = {"kind": kind, "name": name.lower()}
        return self.connection.execute(_EXISTS, asked).fetchone() is not None

    def owns(self, user: str, kind: str, name: str) -> bool:
        """Whether the user owns the object."""
        return self.owners.get((kind, name)) == user

    def grantees(self, user: str) -> set[Grantee]:
        """The user, public, and the roles that the user has, also by way of another role."""
        found, waiting = set[Grantee](), [Grantee("user", user), _PUBLIC]
        while waiting:
            grantee = waiting.pop()
            if grantee not in found:
                found.add(grantee)
                waiting += [Grantee("role", role) for role in self.members.get(grantee, ())]
        return found

    def change(self, change: Change) -> None:
        """Do what the statement says. SqlError if it names somebody who does not exist, or makes somebody a second time."""
        match change:
            case Account():
                self._account(change)
            case Membership(role, member, granted):
                self._require("role", role)
                self._require(member.kind, member.name)
                row = (role, member.kind, member.name)
                self._write("members", row, present=granted)
            case Grant(privileges, kind, objects, grantee, granted):
                self._require(grantee.kind, grantee.name)
                for privilege, name in product(privileges, objects):
                    grant = (privilege, kind, name, grantee.kind, grantee.name)
                    self._write("grants", grant, present=granted)
            case Ownership(kind, name, owner):
                self.own(kind, name, owner)

    def own(self, kind: str, name: str, owner: str | None) -> None:
        """Note who owns an object from now on; None for the superuser."""
        self.connection.execute(
            "delete from redshift_rights.owners where kind = ? and name = ?", [kind, name]
        )
        if owner is not None and self.knows(owner):
            self._write("owners", (kind, name, owner), present=True)
            self.owners[kind, name] = owner
        else:
            self.owners.pop((kind, name), None)

    def forget(self, kind: str, name: str) -> None:
        """Note that the object is gone, with what it holds: its owner and the grants on it. Those for a schema's tables stay with the schema."""
        below = f"{name}." if kind == "schema" else None
        for table, column in (("owners", "name"), ("grants", "object")):
            self.connection.execute(
                f"delete from redshift_rights.{table} where {column} = $name"  # noqa: S608 # names of this file
                f" or ($below is not null and starts_with({column}, $below))",
                {"name": name, "below": below},
            )

    def rename(self, old: str, new: str) -> None:
        """Note the new name of a table: owner and grants stay."""
        for table, column in (("owners", "name"), ("grants", "object")):
            self.connection.execute(
                f"update redshift_rights.{table} set {column} = ? where kind = 'table' and {column} = ?",  # noqa: S608
                [new, old],
            )

    def _account(self, change: Account) -> None:
        if not change.created:
            self._require(change.kind, change.name)
            self._require_free(change)
            self.connection.execute(
                "delete from redshift_rights.members where role_name = $name and $kind = 'role'",
                {"name": change.name, "kind": change.kind},
            )
        elif (change.kind, change.name) in self.accounts:
            raise SqlError(f'{change.kind} "{change.name}" already exists')
        self._write("accounts", (change.kind, change.name), present=change.created)

    def _require_free(self, change: Account) -> None:
        held = Grantee(change.kind, change.name)
        if change.kind == "user" and change.name in self.owners.values():
            raise SqlError(
                f'user "{change.name}" cannot be dropped because some objects depend on it: the user owns them'
            )
        if held in self.members or any(grantee == held for *_, grantee in self.grants):
            raise SqlError(
                f'{change.kind} "{change.name}" cannot be dropped because some objects depend on it: revoke what was granted'
            )

    def _require(self, kind: str, name: str) -> None:
        known = kind == "public" or (kind, name) in self.accounts
        if not known:
            raise SqlError(f'{kind} "{name}" does not exist')

    def _write(self, table: str, row: tuple[str, ...], *, present: bool) -> None:
        columns = [
            name for name, *_ in self.connection.execute(f"describe redshift_rights.{table}").fetchall()
        ]
        same = " and ".join(f"{column} = ?" for column in columns)
        self.connection.execute(f"delete from redshift_rights.{table} where {same}", row)  # noqa: S608 # names of this file
        if present:
            values = ", ".join("?" for _ in row)
            self.connection.execute(f"insert into redshift_rights.{table} values ({values})", row)  # noqa: S608

    def _rows(self, table: str) -> list[tuple[str, ...]]:
        return self.connection.execute(f"from redshift_rights.{table}").fetchall()  # names of this file
