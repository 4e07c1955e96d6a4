"""The Condition element of a statement.

Rules: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multi-valued context keys".
An operator that is not here is an error.
"""

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from local_cloud.iam.matching import Context, Match, PolicyError, arn, text

Condition = Callable[[Context], bool]

_IF_EXISTS = "IfExists"
_SETS = ("ForAllValues", "ForAnyValue")


def compiled(block: Mapping[str, Mapping[str, Any]], known: Collection[str], *, variables: bool) -> Condition:
    """Whether a request meets all conditions of the block; PolicyError for an operator or a key that is not known here.

    `known` are the names, in lower case, of the keys that calls have on this machine; `aws:resourcetag` stands for each tag.
    """
    conditions = [
        _condition(name, key, _listed(values), known, variables=variables)
        for name, keys in block.items()
        for key, values in keys.items()
    ]
    return lambda context: all(condition(context) for condition in conditions)


def _condition(
    name: str, key: str, values: Sequence[str], known: Collection[str], *, variables: bool
) -> Condition:
    key = key.lower()
    if key.partition("/")[0] not in known:
        raise PolicyError(
            f"the condition key '{key}' is not known on this machine: say in calls.toml what it holds, or that no call has it"
        )
    quantifier, colon, rest = name.rpartition(":")
    if colon and quantifier not in _SETS:
        raise PolicyError(f"the condition '{name}' begins with none of {', '.join(_SETS)}")
    base = rest.removesuffix(_IF_EXISTS)
    if base == "Null" and base == name:
        return _null(key, values)
    negated = base in _NEGATED
    positive = _positive(_NEGATED.get(base, base), values, variables=variables)
    if positive is None:
        raise PolicyError(f"the condition operator '{name}' is not known on this machine")
    return _tested(key, positive, quantifier, negated=negated, if_exists=base != rest)


def _tested(key: str, positive: Match, quantifier: str, *, negated: bool, if_exists: bool) -> Condition:
    def fits(value: str, context: Context) -> bool:
        return positive(value, context) != negated

    def holds(context: Context) -> bool:
        found = context.get(key)
        values = [found] if isinstance(found, str) else list(found or ())
        if quantifier == "ForAllValues":
            return all(fits(value, context) for value in values)
        if quantifier == "ForAnyValue":
            return (if_exists and not values) or any(fits(value, context) for value in values)
        if not values:
            return negated or if_exists
        if len(values) > 1:
            raise PolicyError(
                f"the condition key '{key}' has several values: the policy needs ForAnyValue or ForAllValues"
            )
        return fits(values[0], context)

    return holds


def _null(key: str, values: Sequence[str]) -> Condition:
    """Null: true asks that the request lacks the key."""
    wanted = {_boolean(value) for value in values}
    return lambda context: (not context.get(key)) in wanted


_STRINGS: Mapping[str, Mapping[str, bool]] = {
    "StringEquals": {"wildcards": False},
    "StringEqualsIgnoreCase": {"wildcards": False, "case": False},
    "StringLike": {},
}
_NUMBERS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "NumericEquals": operator.eq,
    "NumericLessThan": operator.lt,
    "NumericLessThanEquals": operator.le,
    "NumericGreaterThan": operator.gt,
    "NumericGreaterThanEquals": operator.ge,
}


_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def _positive(name: str, values: Sequence[str], *, variables: bool) -> Match | None:
    """Whether a value of the request fits one of the policy's; None for an unknown operator."""
    if name in _STRINGS:
        matches = [text(value, variables=variables, **_STRINGS[name]) for value in values]
    elif name in ("ArnEquals", "ArnLike"):  # the two are the same
        matches = [arn(value, variables=variables) for value in values]
    elif name == "Bool":
        matches = [_bool(_boolean(value)) for value in values]
    elif name in _NUMBERS:
        matches = [_number(_NUMBERS[name], _decimal(value)) for value in values]
    else:
        return None
    return lambda value, context: any(match(value, context) for match in matches)


def _bool(expected: bool) -> Match:
    return lambda value, _: _boolean(value) is expected


def _number(compare: Callable[[Decimal, Decimal], bool], expected: Decimal) -> Match:
    return lambda value, _: compare(_decimal(value), expected)


def _boolean(value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise PolicyError(f"'{value}' is not true or false")
    return value.lower() == "true"


def _decimal(value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation:
        raise PolicyError(f"'{value}' is no number") from None


def _listed(values: Any) -> list[str]:
    """The values as texts; JSON may hold one value, numbers and booleans."""
    return [
        str(value).lower() if isinstance(value, bool) else str(value)
        for value in (values if isinstance(values, list) else [values])
    ]
