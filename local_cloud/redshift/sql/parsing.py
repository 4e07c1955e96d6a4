"""Redshift SQL text to a syntax tree."""

import re
from functools import lru_cache
from itertools import pairwise

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.changes import change_in
from local_cloud.redshift.sql.untyped import refuse_untyped

# Statements about physical layout and sessions: DuckDB has nothing that they could change.
_NO_OPERATIONS = {"analyse", "analyze", "reset", "set", "vacuum"}

_COLUMN_LAYOUT = {"distkey", "sortkey"}

_MAY_NAME = re.compile(r":\S")

REMEMBERED = 1024
"""The texts whose trees and translations are kept: those of several runs, and most of them come again. A large tree has 60 kB."""


@lru_cache(REMEMBERED)
def parse(sql: str) -> exp.Expr | None:
    """The one statement in `sql`; None for a statement that is accepted and does nothing locally.

    All callers get the same tree: one that changes it has to copy it first.
    `lock table a, b` is an exp.Lock with the tables as its expressions. UNLOAD is an exp.Command with its text, a change of
    rights an exp.Command with the Change.
    SqlError if the text is not one Redshift statement, or converts a column without a type.
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
        (tree,) = Redshift().parser().parse(_with_layout(tokens), sql)
    except (ParseError, TokenError) as error:
        raise SqlError(f"syntax error: {_one_line(error)}") from None
    if tree is None or isinstance(tree, exp.Command):
        raise SqlError(f"{tokens[0].text.upper()} is not supported locally: {sql.strip()[:80]}")
    refuse_untyped(tree)
    return tree


def _with_layout(tokens: list[Token]) -> list[Token]:
    """DISTKEY and SORTKEY as attributes of a column are told as encodings: sqlglot knows no others that have no meaning locally."""
    words = {token.text.lower() for token in tokens}
    # CREATE TABLE AS names no types, and ALTER TABLE changes the layout of the whole table
    if "select" in words or not (tokens[0].token_type is TokenType.CREATE or "add" in words):
        return tokens
    told = list[Token]()
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if _is_attribute(before, token, after):
            told.append(Token(TokenType.VAR, "encode", token.line, token.col, token.start, token.end))
        told.append(token)
    return told


def _is_attribute(before: Token | None, token: Token, after: Token | None) -> bool:
    """Whether the token stands after a column's type, and is neither the name of a column nor has columns of its own."""
    return (
        token.token_type is TokenType.VAR
        and token.text.lower() in _COLUMN_LAYOUT
        and before is not None
        and before.token_type not in (TokenType.L_PAREN, TokenType.COMMA)
        and (after is None or after.token_type is not TokenType.L_PAREN)
    )


def _lock(tokens: list[Token]) -> exp.Lock:
    # sqlglot's tokenizer leaves what follows LOCK as one text.
    listed = re.sub(r"(?i)^table\b", "", " ".join(token.text for token in tokens[1:]))
    return exp.Lock(expressions=[exp.to_table(name, dialect=Redshift) for name in listed.split(",")])


@lru_cache(REMEMBERED)
def parameter_names(sql: str) -> frozenset[str]:
    """Names used as `:name`; neither `::type` nor text in quotes or comments counts. Empty if unreadable."""
    if not _MAY_NAME.search(sql):  # most of the large statements
        return frozenset()
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
    tokens = Redshift().tokenize(sql)
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    return tokens


def _one_line(error: Exception) -> str:
    # sqlglot underlines the fault with terminal codes, which do not belong into an API answer.
    text = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "")
    return " ".join(text.split())
