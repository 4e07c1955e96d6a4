"""Redshift SQL text to a syntax tree."""

import re
from functools import lru_cache
from itertools import pairwise

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.redshift import RedshiftParser
from sqlglot.tokenizer_core import Token, TokenType

from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.changes import change_in

# Statements about physical layout and sessions: DuckDB has nothing that they could change.
_NO_OPERATIONS = {"analyse", "analyze", "reset", "set", "vacuum"}

REMEMBERED = 1024
"""The texts whose trees and translations are kept: those of several runs, and most of them come again. A large tree has 60 kB."""


class _RedshiftDdlParser(RedshiftParser):
    """sqlglot's parser plus DISTKEY and SORTKEY as attributes of a column, which have no local meaning."""

    CONSTRAINT_PARSERS = {  # noqa: RUF012  # as in the base class
        **RedshiftParser.CONSTRAINT_PARSERS,
        "DISTKEY": lambda _: exp.EncodeColumnConstraint(this=exp.var("distkey")),
        "SORTKEY": lambda _: exp.EncodeColumnConstraint(this=exp.var("sortkey")),
    }


class _RedshiftDdl(Redshift):
    Parser = _RedshiftDdlParser


@lru_cache(REMEMBERED)
def parse(sql: str) -> exp.Expr | None:
    """The one statement in `sql`; None for a statement that is accepted and does nothing locally.

    All callers get the same tree: one that changes it has to copy it first.
    `lock table a, b` is an exp.Lock with the tables as its expressions. UNLOAD is an exp.Command with its text, a change of
    rights an exp.Command with the Change.
    SqlError if the text is not one Redshift statement.
    """
    try:
        tokens = _tokens(sql)
        if not tokens:
            raise SqlError("the statement is empty")
        if any(token.token_type is TokenType.SEMICOLON for token in tokens):
            raise SqlError("the text holds several statements: send one, or several as a batch")
        if tokens[0].text.lower() in _NO_OPERATIONS:
            return None
        if change := change_in(tokens):
            return exp.Command(this="rights", expression=change)
        if tokens[0].text.lower() == "lock":
            return _lock(tokens)
        if tokens[0].text.lower() == "unload":
            return exp.Command(this="unload", expression=" ".join(token.text for token in tokens[1:]))
        (tree,) = _RedshiftDdl().parser().parse(tokens, sql)
    except (ParseError, TokenError) as error:
        raise SqlError(f"syntax error: {_one_line(error)}") from None
    if tree is None or isinstance(tree, exp.Command):
        raise SqlError(f"{tokens[0].text.upper()} is not supported locally: {sql.strip()[:80]}")
    return tree


def _lock(tokens: list[Token]) -> exp.Lock:
    # sqlglot's tokenizer leaves what follows LOCK as one text.
    listed = re.sub(r"(?i)^table\b", "", " ".join(token.text for token in tokens[1:]))
    return exp.Lock(expressions=[exp.to_table(name, dialect=Redshift) for name in listed.split(",")])


@lru_cache(REMEMBERED)
def parameter_names(sql: str) -> frozenset[str]:
    """Names used as `:name`; neither `::type` nor text in quotes or comments counts. Empty if unreadable."""
    try:
        tokens = _tokens(sql)
    except TokenError:
        return frozenset()
    return frozenset(
        name.text
        for colon, name in pairwise(tokens)
        if colon.token_type is TokenType.COLON and name.start == colon.end + 1
    )


def _tokens(sql: str) -> list[Token]:
    tokens = _RedshiftDdl().tokenize(sql)
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    return tokens


def _one_line(error: Exception) -> str:
    # sqlglot underlines the fault with terminal codes, which do not belong into an API answer.
    text = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "")
    return " ".join(text.split())
