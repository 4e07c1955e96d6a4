"""UNLOAD of a query into CSV objects, as Redshift writes them.

https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

import csv
import gzip
import io
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from localbucket import TEMP_PREFIX, UPLOADS_DIR
from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from local_cloud.redshift.access import S3Access
from local_cloud.redshift.addresses import bucket_and_key, objects_below
from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.dialect import to_duckdb
from local_cloud.redshift.sql.parsing import parse

_BATCH_ROWS = 10_000
_WITH_VALUE = {"iam_role", "credentials", "extension", "null", "parallel"}
_ALONE = {"allowoverwrite", "csv", "gzip", "header"}
_NOT_PARALLEL = {"off", "false"}


@dataclass(frozen=True)
class Unload:
    """What an UNLOAD asks for."""

    query: exp.Query
    url: str
    options: dict[str, str]

    @property
    def name(self) -> str:
        """What follows the prefix in the name of the object: Redshift numbers slices and parts, or parts alone."""
        serial = self.options.get("parallel", "on").lower() in _NOT_PARALLEL
        name = "000" if serial else "0000_part_00"
        name += f".{self.options['extension'].lstrip('.')}" if "extension" in self.options else ""
        return f"{name}.gz" if "gzip" in self.options and "extension" not in self.options else name


def read_unload(text: str) -> Unload:
    """The statement in what follows the word UNLOAD; SqlError if Redshift, or this machine, would not take it."""
    try:
        tokens = Redshift().tokenize(text)
    except TokenError as error:
        raise SqlError(f"syntax error: {error}") from None
    shape = [token.token_type for token in tokens[:3]]
    if shape != [TokenType.L_PAREN, TokenType.STRING, TokenType.R_PAREN] or len(tokens) < len(shape) + 2:
        raise SqlError(
            "syntax error: expected unload ('select ...') to 's3://bucket/prefix' iam_role ... csv"
        )
    to, url, *rest = tokens[len(shape) :]
    if to.text.lower() != "to" or url.token_type is not TokenType.STRING:
        raise SqlError("syntax error: expected to 's3://bucket/prefix' after the query of an UNLOAD")
    options = _options(rest)
    if "csv" not in options:
        raise SqlError("not supported locally: UNLOAD writes CSV only; say csv")
    return Unload(_query(tokens[1].text), url.text, options)


def _query(sql: str) -> exp.Query:
    query = parse(sql)
    if not isinstance(query, exp.Query):
        raise SqlError(f"UNLOAD takes a query, not {sql.strip()[:80]}")
    if query.args.get("limit"):
        raise SqlError("Limit clause is not supported: put the query with its limit into a subquery")
    return query


def _options(tokens: list[Token]) -> dict[str, str]:
    words = [token.text for token in tokens if token.text.lower() not in {"as", "format"}]
    options = {}
    rest = iter(words)
    for word in rest:
        name = word.lower()
        if name in _WITH_VALUE:
            options[name] = next(rest, "")
        elif name in _ALONE:
            options[name] = ""
        else:
            raise SqlError(f"not supported locally: UNLOAD with {word}")
    if not {"iam_role", "credentials"} & options.keys():
        raise SqlError("UNLOAD needs iam_role or credentials")
    return options


def unload(
    connection: duckdb.DuckDBPyConnection, buckets: Path, asked: Unload, access: S3Access | None
) -> None:
    """Write the rows of the query into one object; one with no rows is written too, like Redshift's.

    SqlError if an object exists at the prefix and may not be overwritten, or, with `access`, if the role may not write it. As on
    Redshift a rollback leaves the object.
    """
    bucket, prefix = bucket_and_key("UNLOAD writes to", buckets, asked.url)
    if access:
        access.may_unload(asked.options.get("iam_role", ""), bucket.name, prefix, f"{prefix}{asked.name}")
    if "allowoverwrite" not in asked.options and any(objects_below(bucket, prefix)):
        raise SqlError(
            "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, "
            "manually removing the target files in S3, or using the ALLOWOVERWRITE option."
        )
    written = buckets / UPLOADS_DIR / f"{TEMP_PREFIX}{uuid.uuid4().hex}"
    written.parent.mkdir(exist_ok=True)
    opened: Callable[..., Any] = gzip.open if "gzip" in asked.options else open
    try:
        connection.execute(to_duckdb(asked.query))
        with opened(written, "wt", encoding="utf-8", newline="") as file:
            file.writelines(_lines(connection, asked.options))
        target = bucket / f"{prefix}{asked.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        written.replace(target)
    finally:
        written.unlink(missing_ok=True)


def _lines(connection: duckdb.DuckDBPyConnection, options: dict[str, str]) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)  # its line end of two characters makes it quote a lone carriage return

    def written(fields: Sequence[str]) -> str:
        line.seek(0)
        line.truncate()
        writer.writerow(fields)
        return line.getvalue().removesuffix("\r\n") + "\n"

    if "header" in options:
        yield written([name.lower() for name, *_ in connection.description])
    null = options.get("null", "")
    while rows := connection.fetchmany(_BATCH_ROWS):
        for row in rows:
            yield written([_text(value, null) for value in row])


def _text(value: object, null: str) -> str:
    """A value as Redshift writes it: t and f, instants without zeros at the end, and with +00 where they have a zone."""
    if value is None:
        return null
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        zone = "+00" if value.tzinfo else ""
        text = value.replace(tzinfo=None).isoformat(sep=" ")
        return (text.rstrip("0") if "." in text else text) + zone
    return str(value)
