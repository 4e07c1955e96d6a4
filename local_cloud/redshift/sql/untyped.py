"""Columns without a type, and the conversions of them that Redshift refuses.

A text in quotes and NULL have the type "unknown" until their use gives them another: a cast, the column that INSERT fills, an operator, the other arms of
a UNION. Redshift is made from PostgreSQL 8, which converts constants of this type and nothing else. So `select '' as name` in a subquery or WITH
makes a column that can be counted, compared with NULL and sent to the client. PostgreSQL 10 and later, and DuckDB, make it a text.

Refused are the uses with a report from Redshift, and those that PostgreSQL 8 converts by the same rule:

INSERT, UPDATE         the words are those of tuva-health/tuva-core#1165
UNION and its like     if an arm selects such a column; an arm's own texts and NULLs get a type
=, <, IN, LIKE, USING  calogica/dbt-expectations#99
ORDER BY               OHDSI/SqlRender#66; a query may sort by its own text, and gives it a type
MIN, MAX               snowplow/dbt-snowplow-attribution#9

Casts and other functions of such a column are not refused: nobody tells what Redshift does with each of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.scope import Scope, find_all_in_scope, traverse_scope

from local_cloud.redshift.errors import SqlError

_ASSIGNED, _OPERAND = "character varying", "text"
"""The type that the message names: that of the columns of this project, and that of operators on texts."""

_OPERATORS = (
    exp.Between,
    exp.EQ,
    exp.GT,
    exp.GTE,
    exp.ILike,
    exp.In,
    exp.Like,
    exp.LT,
    exp.LTE,
    exp.Max,
    exp.Min,
    exp.NEQ,
    exp.RegexpLike,
)

_Relations = Mapping[str, frozenset[str]]
"""What a query selects from: the columns without a type by the name of the relation, all in lower case."""


@dataclass(frozen=True)
class _Untyped:
    """The columns without a type that a query selects: `bare` texts and NULLs, and what it has `passed` on from its subqueries."""

    bare: frozenset[str] = frozenset()
    passed: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        return self.bare | self.passed


def refuse_untyped(tree: exp.Expr) -> None:
    """SqlError if the statement converts a column without a type."""
    if not any(map(_leaves_untyped, tree.find_all(exp.Select))):
        return
    try:
        _refuse_in(tree, traverse_scope(tree))
    except OptimizeError:  # such as a name that two relations share: DuckDB refuses the statement
        return


def _leaves_untyped(select: exp.Select) -> bool:
    return isinstance(select.parent, exp.CTE | exp.Subquery) and any(map(_is_bare, select.expressions))


def _is_bare(output: exp.Expr) -> bool:
    value = output.unalias().unnest()
    return value.is_string or isinstance(value, exp.Null)


def _refuse_in(tree: exp.Expr, scopes: list[Scope]) -> None:
    known = dict[Scope, _Untyped]()
    for scope in scopes:  # subqueries come before the query that they belong to
        known[scope] = _selected(scope, known)
    if isinstance(tree, exp.Insert):
        inserted = tree.expression.unnest()
        _refuse(
            (name for scope in scopes if scope.expression is inserted for name in known[scope].passed),
            _ASSIGNED,
        )
    if isinstance(tree, exp.Delete | exp.Update):
        _refuse_in_change(tree, scopes, known)


def _selected(scope: Scope, known: Mapping[Scope, _Untyped]) -> _Untyped:
    """What the query of a scope selects without a type; SqlError if it converts such a column."""
    query = scope.expression
    if isinstance(query, exp.SetOperation):
        for arm in scope.set_operation_scopes:
            _refuse(known[arm].passed, _ASSIGNED)
    if not isinstance(query, exp.Select):
        return _Untyped()
    relations = _relations(((name, source) for name, (_, source) in scope.selected_sources.items()), known)
    own = scope.column_index
    # A name alone in a subquery of this query may be that of a table's column there
    _refuse_conversions((column for column in scope.columns if column.table or id(column) in own), relations)
    outputs = _outputs(query, relations)
    _refuse_keys(query, outputs, relations)
    return _renamed(_typed_by_itself(query, outputs), query, scope.outer_columns)


def _relations(sources: Iterable[tuple[str, object]], known: Mapping[Scope, _Untyped]) -> _Relations:
    return {
        name.lower(): known[source].names
        for name, source in sources
        if isinstance(source, Scope) and source in known
    }


def _is_untyped(column: exp.Column, relations: _Relations) -> bool:
    table, name = column.table.lower(), column.name.lower()
    return name in (relations.get(table, ()) if table else _all_of("", relations))


def _all_of(relation: str, relations: _Relations) -> frozenset[str]:
    """The columns without a type of one relation, or of all if it has no name."""
    return frozenset().union(*(names for name, names in relations.items() if relation in ("", name)))


def _outputs(select: exp.Select, relations: _Relations) -> _Untyped:
    bare, passed = set[str](), set[str]()
    for name, output in zip(_names(select), select.expressions, strict=True):
        value = output.unalias().unnest()
        if output.is_star:
            passed |= _of_star(output, relations)
        elif isinstance(value, exp.Column) and _is_untyped(value, relations):
            passed.add(name)
        elif _is_bare(value):
            bare.add(name)
    return _Untyped(frozenset(bare), frozenset(passed))


def _names(select: exp.Select) -> list[str]:
    """The names of the outputs. One without a name gets one that no query can say."""
    return [
        output.alias_or_name.lower() if isinstance(output, exp.Alias | exp.Column) else f"?column? {number}"
        for number, output in enumerate(select.expressions, 1)
    ]


def _of_star(star: exp.Expr, relations: _Relations) -> frozenset[str]:
    """What `*` or `relation.*` passes on; with EXCLUDE this is not followed."""
    if any(each.args.get("except_") for each in star.find_all(exp.Star)):
        return frozenset()
    return _all_of(star.table.lower() if isinstance(star, exp.Column) else "", relations)


def _typed_by_itself(select: exp.Select, outputs: _Untyped) -> _Untyped:
    """The outputs after DISTINCT, GROUP BY and ORDER BY, which make texts of the query's own texts and NULLs."""
    if select.args.get("distinct"):
        return _Untyped(passed=outputs.passed)
    return _Untyped(outputs.bare - _keys(select, "group") - _keys(select, "order"), outputs.passed)


def _renamed(outputs: _Untyped, select: exp.Select, names: list[str]) -> _Untyped:
    """The outputs with the names that the alias of the query gives them, as in `v (title, rule)`."""
    if not names:
        return outputs
    if select.is_star:  # the positions are not known
        return _Untyped()
    given = {own: name.lower() for own, name in zip(_names(select), names, strict=False)}
    return _Untyped(
        *(frozenset(given.get(own, own) for own in each) for each in (outputs.bare, outputs.passed))
    )


def _keys(select: exp.Select, clause: str) -> frozenset[str]:
    """The outputs that ORDER BY or GROUP BY lists by name or position, and other names without a relation."""
    listed = select.args[clause].expressions if select.args.get(clause) else []
    numbered = {str(number): name for number, name in enumerate(_names(select), 1)}
    keys = [each.this if isinstance(each, exp.Ordered) else each for each in listed]
    named = {key.name.lower() for key in keys if isinstance(key, exp.Column) and not key.table}
    return frozenset(named | {numbered.get(key.name, "") for key in keys if key.is_int})


def _refuse_keys(select: exp.Select, outputs: _Untyped, relations: _Relations) -> None:
    """Refuse columns that ORDER BY names without a relation, an output first, and columns that joins name by USING."""
    untyped = _all_of("", relations)
    _refuse(_keys(select, "order") & (outputs.passed | untyped.difference(_names(select))), _OPERAND)
    using = (name for join in select.args.get("joins") or () for name in join.args.get("using") or ())
    _refuse(untyped.intersection(name.name.lower() for name in using), _OPERAND)


def _refuse_in_change(
    change: exp.Delete | exp.Update, scopes: list[Scope], known: Mapping[Scope, _Untyped]
) -> None:
    """Refuse what DELETE or UPDATE converts. A name alone may be that of a column of the changed table."""
    roots = (scope for scope in scopes if scope.is_root and not isinstance(scope.expression, exp.Select))
    relations = _relations((source for root in roots for source in root.sources.items()), known)
    _refuse_conversions(
        (column for column in find_all_in_scope(change, exp.Column) if column.table), relations
    )


def _refuse_conversions(columns: Iterable[exp.Column], relations: _Relations) -> None:
    for column in columns:
        if (type_ := _converted_to(column)) and _is_untyped(column, relations):
            _refuse([column.name], type_)


def _converted_to(column: exp.Column) -> str | None:
    """The type that the column's use converts it to; None for a use that converts nothing."""
    used: exp.Expr = column
    while isinstance(used.parent, exp.Paren):
        used = used.parent
    user = used.parent
    if isinstance(user, exp.Ordered):
        of_query = user.parent is not None and isinstance(user.parent.parent, exp.Query)
        return _OPERAND if of_query and column.table else None
    if isinstance(user, exp.EQ) and isinstance(user.parent, exp.Update) and user.arg_key == "expressions":
        return _ASSIGNED
    return _OPERAND if isinstance(user, _OPERATORS) else None


def _refuse(columns: Iterable[str], type_: str) -> None:
    for column in sorted(columns):
        raise SqlError(
            f'failed to find conversion function from "unknown" to {type_} (column {column} of a subquery: cast it there)'
        )
