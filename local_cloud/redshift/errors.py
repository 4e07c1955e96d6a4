"""Errors in the words of Redshift and its Data API.

DataApiError   a request is refused (HTTP 400)
SqlError       a statement was accepted and FAILED
"""

import re

import duckdb

_SERIALIZABLE = "1023 DETAIL: Serializable isolation violation on table - {table}"

# (pattern over DuckDB's message, Redshift's message; \1 and \2 are the pattern's groups)
_WORDINGS = [
    (r"NOT NULL constraint failed: (?:.*\.)?(\w+)", r"Cannot insert a NULL value into column \1"),
    (
        r"CHECK constraint failed on table (\S+) with expression CHECK\(\(strlen\(\"?(\w+)\"?\) <= (\d+)\)\)",
        r"value too long for type character varying(\3) (column \2 of table \1)",
    ),
    (r"Table with name \"?([^\s\"]+)\"? does not exist", r'relation "\1" does not exist'),
    (r"Referenced column \"([^\"]+)\" not found", r'column "\1" does not exist'),
    (r"^Invalid Input Error: (Divide by zero)", r"\1"),
]


class DataApiError(Exception):
    """A refused request: `code` is the AWS error code such as ValidationException."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def invalid(message: str) -> DataApiError:
    """The error for a request that breaks a rule of the API."""
    return DataApiError("ValidationException", message)


class SqlError(Exception):
    """Redshift would fail the statement, or it has no local translation. The text says why."""

    severity = "ERROR"


class LoginError(SqlError):
    """The database user cannot log in."""

    severity = "FATAL"


def isolation_violation(table: str) -> SqlError:
    """Redshift's error for the loser of two transactions that changed the same table."""
    return SqlError(_SERIALIZABLE.format(table=table))


def from_duckdb(error: duckdb.Error, table: str) -> SqlError:
    """`error` in Redshift's words if they are known, else in DuckDB's; `table` is the table that the statement changes."""
    text = str(error)
    if isinstance(error, duckdb.TransactionException) and "conflict" in text.lower():
        return isolation_violation(table)
    for pattern, wording in _WORDINGS:
        if match := re.search(pattern, text):
            return SqlError(match.expand(wording))
    return SqlError(text.split("\n\nLINE ", maxsplit=1)[0])
