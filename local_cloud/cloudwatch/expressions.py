"""Metric math, as far as it is understood: + - * /, numbers, ids of other metrics, and FILL(id, number).

From "Using math expressions with CloudWatch metrics" in the CloudWatch User Guide. Anything else is refused, never guessed.
"""

import ast
import operator
from collections.abc import Callable, Mapping

from simpleeval import InvalidExpression, SimpleEval

Value = float | None
"""A data point, or None where there is none."""


class NotUnderstoodError(Exception):
    """An expression needs what is not implemented here."""

    def __init__(self, expression: str, cause: object) -> None:
        super().__init__(
            f"the metric math {expression!r} is not understood here: {cause}. Understood are + - * /, numbers, the ids of "
            "the alarm's other metrics, and FILL(id, number)"
        )


def value_of(expression: str, metrics: Mapping[str, Value]) -> Value:
    """The expression at one point in time; None if a metric that it needs has no data point there, or a divisor is 0.

    Raises NotUnderstoodError.
    """
    evaluator = SimpleEval(operators=_OPERATORS, functions={"FILL": _fill}, names=dict(metrics))
    try:
        value = evaluator.eval(expression)
    except (InvalidExpression, KeyError, SyntaxError, TypeError) as error:
        raise NotUnderstoodError(expression, error) from error
    if value is not None and not isinstance(value, int | float):
        raise NotUnderstoodError(expression, f"{value!r} is no number")
    return value


def _fill(value: Value, otherwise: float) -> float:
    return otherwise if value is None else value


def _of_missing(operation: Callable[[float, float], float]) -> Callable[[Value, Value], Value]:
    """The operation on data points; without one of the two there is none for the result."""

    def applied(left: Value, right: Value) -> Value:
        try:
            return None if left is None or right is None else operation(left, right)
        except ZeroDivisionError:
            return None

    return applied


_OPERATORS = {
    ast.Add: _of_missing(operator.add),
    ast.Sub: _of_missing(operator.sub),
    ast.Mult: _of_missing(operator.mul),
    ast.Div: _of_missing(operator.truediv),
}
