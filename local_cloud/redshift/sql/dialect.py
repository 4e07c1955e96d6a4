"""A Redshift syntax tree to DuckDB SQL, keeping Redshift's meaning where the two differ.

Known differences that remain: the quotient of decimals is a double (Redshift: a decimal whose scale follows from
both operands), the sum of integers is a NUMERIC(38,0) also where Redshift answers BIGINT (write `::bigint`), and the
average of decimals is rounded to their scale by way of a double.
"""

import re
from collections.abc import Callable

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql import tables

_TRANSACTION = (exp.Transaction, exp.Commit, exp.Rollback)
_STATEMENTS = (
    exp.Alter,
    exp.Comment,
    exp.Create,
    exp.Delete,
    exp.Drop,
    exp.Insert,
    exp.Merge,
    exp.Query,
    exp.TruncateTable,
    exp.Update,
)


def to_duckdb(tree: exp.Expr) -> str:
    """DuckDB SQL for any statement but COPY; SqlError where there is none."""
    if isinstance(tree, _TRANSACTION):
        raise SqlError(
            "BEGIN, COMMIT and ROLLBACK cannot be sent: a statement, or a batch of them, is one transaction"
        )
    if not isinstance(tree, _STATEMENTS):
        raise SqlError(f"not supported locally: {tree.sql('redshift')[:80]}")
    tree = tree.copy()
    if isinstance(tree, exp.Query):
        _name_columns(tree)
    if isinstance(tree, exp.Create):
        tables.localize(tree)
    for node in reversed(list(tree.walk())):
        if rewrite := _REWRITES.get(type(node)):
            rewrite(node)
    try:
        return tree.sql("duckdb", copy=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise SqlError(f"not supported locally: {error}") from None


def multiple_matches(merge: exp.Merge) -> exp.Select | None:
    """A query that has a row if several source rows match one target row: DuckDB would let any of them win.

    None if the condition names no column of the source. Only source keys that occur twice are joined, so the query
    costs one grouping of the source.
    """
    source = merge.args["using"]
    keys = [
        column for column in merge.args["on"].find_all(exp.Column) if column.table == source.alias_or_name
    ]
    if not keys:
        return None
    repeated = (
        exp.select(*(key.copy() for key in keys))
        .from_(source.copy())
        .group_by(*(key.copy() for key in keys))
        .having("count(*) > 1")
        .subquery(source.alias_or_name)
    )
    return exp.select("1").from_(merge.this.copy()).join(repeated, on=merge.args["on"].copy()).limit(1)


def _name_columns(query: exp.Query) -> None:
    """Name the columns of a result as Redshift does: `count`, `max`, or `?column?`."""
    for select in query.selects:
        if isinstance(select, exp.Alias | exp.Column | exp.Star):
            continue
        value = select.this if isinstance(select, exp.Cast) else select
        function = re.match(r"(\w+)\(", select.sql("redshift"))
        if isinstance(value, exp.Column):
            name = value.name
        elif function and isinstance(select, exp.Func | exp.Window | exp.Filter | exp.WithinGroup):
            name = function[1] if value is select else "?column?"
        else:
            name = "case" if isinstance(select, exp.Case) else "?column?"
        select.replace(exp.alias_(select.copy(), name.lower(), quoted=True))


# Expressions that mean something else to DuckDB than to Redshift: each function changes one node in place.


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _divide(node: exp.Expr) -> None:
    node.replace(_call("redshift_divide", node.this, node.expression))


def _modulo(node: exp.Expr) -> None:
    node.replace(_call("redshift_modulo", node.this.unnest(), node.expression.unnest()))


def _average(node: exp.Expr) -> None:
    whole = node
    while isinstance(whole.parent, exp.Window | exp.Filter) and whole.arg_key == "this":
        whole = whole.parent

    def like(aggregate: type[exp.AggFunc]) -> exp.Expr:
        twin = whole.copy()
        average = twin.find(exp.Avg)
        call = aggregate(this=node.this.copy())
        if average is twin or average is None:
            return call
        average.replace(call)
        return twin

    whole.replace(_call("redshift_average", like(exp.Sum), like(exp.Count), like(exp.Max)))


def _now(node: exp.Expr) -> None:
    now = node.copy()
    now.set("sysdate", None)
    date = isinstance(node.parent, exp.Trunc)
    (node.parent if date and node.parent else node).replace(exp.cast(now, "date" if date else "timestamp"))


def _cast(node: exp.Expr) -> None:
    width = tables.width(node.args["to"], bare=None)
    if width is not None:
        text = exp.cast(node.this.copy(), "text")
        node.replace(_call("redshift_varchar", text, exp.Literal.number(width)))


def _type(node: exp.Expr) -> None:
    if node.this == exp.DType.DECIMAL and not node.expressions:
        node.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(n)) for n in (18, 0)])


def _listagg(node: exp.Expr) -> None:
    # sqlglot reads the separator of `listagg(distinct x, ',')` as a second distinct value.
    if isinstance(node.this, exp.Distinct) and len(node.this.expressions) > 1:
        node.set("separator", node.this.expressions[1].copy())
        node.this.set("expressions", node.this.expressions[:1])
    if node.args.get("separator") is None:
        node.set("separator", exp.Literal.string(""))


def _concat(node: exp.Expr) -> None:
    first, *others = [exp.paren(part.copy()) for part in node.expressions]
    joined: exp.Expr = exp.cast(first, "text")
    for other in others:
        joined = exp.DPipe(this=joined, expression=other)
    node.replace(exp.paren(joined))


def _like(node: exp.Expr) -> None:
    pattern = node.expression
    plain = pattern.is_string and "\\" not in pattern.name
    if not plain and not isinstance(node.parent, exp.Escape):
        node.replace(exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")))


def _regexp_replace(node: exp.Expr) -> None:
    # Redshift replaces every match, DuckDB only the first unless told otherwise.
    node.set("single_replace", None)
    node.set("modifiers", exp.Literal.string("g"))


def _insert(node: exp.Expr) -> None:
    # `when not matched then insert values (...)`: sqlglot takes VALUES for the name of a column.
    values = node.this.expressions[0] if isinstance(node.this, exp.Tuple) else None
    if isinstance(values, exp.Anonymous) and values.name.lower() == "values":
        node.set("this", None)
        node.set("expression", exp.Tuple(expressions=values.expressions))


def _similar_to(node: exp.Expr) -> None:
    # DuckDB takes the pattern for a regular expression, in which % and _ are ordinary characters.
    raise SqlError(f"not supported locally: {node.sql('redshift')}; use LIKE, or ~ with a regular expression")


def _anonymous(node: exp.Expr) -> None:
    if node.name.lower() == "octet_length":
        node.replace(_call("strlen", *node.expressions))


_REWRITES: dict[type[exp.Expr], Callable[[exp.Expr], None]] = {
    exp.Anonymous: _anonymous,
    exp.Avg: _average,
    exp.Cast: _cast,
    exp.Concat: _concat,
    exp.CurrentTimestamp: _now,
    exp.DataType: _type,
    exp.Div: _divide,
    exp.GroupConcat: _listagg,
    exp.ILike: _like,
    exp.Insert: _insert,
    exp.Like: _like,
    exp.Mod: _modulo,
    exp.RegexpReplace: _regexp_replace,
    exp.SimilarTo: _similar_to,
}
