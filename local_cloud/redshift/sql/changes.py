"""The statements about users, roles, owners and grants.

sqlglot gives up on most of them (it returns an exp.Command), so its tokens are matched against the forms that are known here.
CREATE USER, CREATE ROLE, GRANT, REVOKE and ALTER SCHEMA in Redshift's Database Developer Guide.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot.tokenizer_core import Token, TokenType

from local_cloud.redshift.errors import SqlError


@dataclass(frozen=True)
class Grantee:
    """`kind` is user, role or public; the name of public is empty."""

    kind: str
    name: str


@dataclass(frozen=True)
class Account:
    """CREATE or DROP of a USER or a ROLE."""

    kind: str
    name: str
    created: bool


@dataclass(frozen=True)
class Membership:
    """GRANT ROLE or REVOKE ROLE."""

    role: str
    member: Grantee
    granted: bool


@dataclass(frozen=True)
class Grant:
    """GRANT or REVOKE. `kind` is database, schema, table, or tables: those that a schema has, and will have."""

    privileges: tuple[str, ...]
    kind: str
    objects: tuple[str, ...]
    grantee: Grantee
    granted: bool


@dataclass(frozen=True)
class Ownership:
    """ALTER SCHEMA or ALTER TABLE ... OWNER TO."""

    kind: str
    name: str
    owner: str


Change = Account | Membership | Grant | Ownership

_NAME = r'(?:"[^"]+"|\w+)'
_QUALIFIED = rf"{_NAME}(?: \. {_NAME})?"
_TO = r"(?P<to>to|from)"
_GRANTEE = rf"(?P<grantee>(?:role )?{_NAME})"
_GRANT = r"(?:grant|revoke) (?P<privileges>\w+(?: , \w+)*)"
_NAMES = rf"(?P<objects>{_QUALIFIED}(?: , {_QUALIFIED})*)"


def change_in(tokens: Sequence[Token]) -> Change | None:
    """The change that a statement asks for; None for a statement of another kind.

    SqlError for a form that is not known here, as a grant that is silently left out would look like one that works.
    """
    text = " ".join(
        f'"{token.text}"' if token.token_type is TokenType.IDENTIFIER else token.text.lower()
        for token in tokens
    )
    for pattern, make in _FORMS:
        if match := re.fullmatch(pattern, text):
            return make(match.groupdict())
    if re.match(r"grant |revoke |(create|alter|drop) (user|role|group|default privileges) ", text):
        raise SqlError(f"not supported locally: {text[:120]}")
    return None


def _account(kind: str, *, created: bool) -> Callable[[dict[str, str]], Change]:
    return lambda found: Account(kind, _plain(found["name"]), created)


def _membership(found: dict[str, str]) -> Change:
    return Membership(_plain(found["role"]), _grantee(found["grantee"]), found["to"] == "to")


def _grant(kind: str) -> Callable[[dict[str, str]], Change]:
    def make(found: dict[str, str]) -> Change:
        privileges = tuple(found["privileges"].split(" , "))
        objects = tuple(
            _table(name) if kind == "table" else _plain(name) for name in found["objects"].split(" , ")
        )
        return Grant(privileges, kind, objects, _grantee(found["grantee"]), found["to"] == "to")

    return make


def _ownership(found: dict[str, str]) -> Change:
    named = _table if found["kind"] == "table" else _plain
    return Ownership(found["kind"], named(found["name"]), _plain(found["owner"]))


_FORMS: list[tuple[str, Callable[[dict[str, str]], Change]]] = [
    (rf"create user (?P<name>{_NAME}) (?:with )?password disable", _account("user", created=True)),
    (rf"create role (?P<name>{_NAME})", _account("role", created=True)),
    (rf"drop user (?P<name>{_NAME})", _account("user", created=False)),
    (rf"drop role (?P<name>{_NAME})", _account("role", created=False)),
    (rf"(?:grant|revoke) role (?P<role>{_NAME}) {_TO} {_GRANTEE}", _membership),
    (rf"{_GRANT} on database {_NAMES} {_TO} {_GRANTEE}", _grant("database")),
    (rf"{_GRANT} on schema {_NAMES} {_TO} {_GRANTEE}", _grant("schema")),
    (rf"{_GRANT} for tables in schema {_NAMES} {_TO} {_GRANTEE}", _grant("tables")),
    (rf"{_GRANT} on (?:table )?(?!all |schema |database ){_NAMES} {_TO} {_GRANTEE}", _grant("table")),
    (
        rf"alter (?P<kind>schema|table) (?P<name>{_QUALIFIED}) owner to (?P<owner>{_NAME})",
        _ownership,
    ),
]


def _plain(name: str) -> str:
    """A name without its quotes; a user's name in quotes keeps its capitals, as IAM's names have some."""
    return name[1:-1] if name.startswith('"') else name


def _table(name: str) -> str:
    schema, _, table = name.rpartition(" . ")
    return f"{_plain(schema) or 'main'}.{_plain(table)}".lower()


def _grantee(text: str) -> Grantee:
    if text == "public":
        return Grantee("public", "")
    kind, _, name = text.rpartition(" ")
    return Grantee(kind or "user", _plain(name))
