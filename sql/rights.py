"""Who owns the tables, and who may read them: the statements of the cluster's master user."""

from sql.rankings import CURRENT, FIRST_TABLES, PAST, TABLES
from sql.statements import SCHEMAS, catalog, create_tables, drop_staging
from sql.template import render

READERS = "goodreads_readers"
"""The role of Redshift that every reader has."""

_READABLE = ("goodreads_warehouse", CURRENT, PAST)


def prepare_warehouse() -> list[str]:
    """Create missing schemas and tables, and drop staging, which every run makes anew: then each table can be handed over."""
    return [*create_tables(), *drop_staging()]


def create_user(user: str) -> str:
    """Create the pipeline's own user; Redshift has no IF NOT EXISTS for users."""
    return render("rights/create_user.sql", user=user)


def hand_over(user: str, database: str) -> list[str]:
    """Make the pipeline's own user the owner of everything."""
    return [
        render("rights/grant_create.sql", user=user, database=database),
        *(render("rights/own_schema.sql", schema=schema, user=user) for schema in SCHEMAS),
        *(render("rights/own_table.sql", table=table, user=user) for table in _owned()),
    ]


def add_reader(user: str, users: set[str], roles: set[str]) -> list[str]:
    """Let a user read the warehouse and the analytics; `users` and `roles` are those that exist. The name has no quotes in it."""
    return [
        *([] if READERS in roles else [render("rights/create_role.sql", role=READERS)]),
        render("rights/close_public.sql"),
        *(render("create_schema.sql", schema=schema) for schema in _READABLE),
        *(render("rights/read_schema.sql", schema=schema, role=READERS) for schema in _READABLE),
        *(render("rights/read_tables.sql", schema=schema, role=READERS) for schema in _READABLE),
        *([] if user in users else [render("rights/create_user.sql", user=f'"{user}"')]),
        render("rights/grant_role.sql", user=f'"{user}"', role=READERS),
    ]


def remove_reader(user: str) -> list[str]:
    """Take the role from a user, and the user out of the database."""
    return [
        render("rights/revoke_role.sql", user=f'"{user}"', role=READERS),
        render("rights/drop_user.sql", user=f'"{user}"'),
    ]


def users() -> str:
    """The names of the users that there are."""
    return render("rights/users.sql")


def roles() -> str:
    """The names of the roles that there are."""
    return render("rights/roles.sql")


def readers() -> str:
    """The names of the users who may read."""
    return render("rights/readers.sql", role=READERS)


def readable_tables() -> str:
    """Schema and name of each table that a reader may read, and how many columns it has."""
    return render("rights/readable_tables.sql", schemas=", ".join(f"'{schema}'" for schema in _READABLE))


def preview(table: str, rows: int) -> str:
    """The first rows of a table."""
    return render("rights/preview.sql", table=table, rows=rows)


def _owned() -> list[str]:
    """The tables of `prepare_warehouse`."""
    later = {f"{CURRENT}.{table.name}" for table in TABLES if table not in FIRST_TABLES}
    return [
        *(table for table in catalog() if table not in later),
        "goodreads_warehouse.catalog_versions",
        f"{CURRENT}.review_window",
        f"{PAST}.review_window",
    ]
