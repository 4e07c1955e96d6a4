"""Wildcards and policy variables of IAM's texts: actions, ARNs, values of conditions.

Rules: IAM User Guide, "IAM JSON policy elements: Resource" (wildcards), "IAM policy elements: Variables and tags".
"""

import re
from collections.abc import Callable, Mapping, Sequence

Context = Mapping[str, str | Sequence[str]]
"""The condition keys of one request, in lower case: IAM compares names of keys without case."""

Match = Callable[[str, Context], bool]
"""Whether a text of the request fits; the context fills the variables."""

_VARIABLE = re.compile(r"\$\{\s*(?P<name>[^},]+?)\s*(?:,\s*'(?P<default>[^']*)'\s*)?\}")
_COLON = re.compile(r":(?![^{}]*\})")  # and not one inside a variable
_ESCAPED = {"*", "?", "$"}
_ARN_PARTS = 6


class PolicyError(Exception):
    """A policy holds what this machine cannot judge, or what IAM would not take."""


def text(pattern: str, *, variables: bool, wildcards: bool = True, case: bool = True) -> Match:
    """Match a whole text; a variable that the request does not have matches nothing."""
    flags = re.DOTALL | (0 if case else re.IGNORECASE)
    if not (variables and "${" in pattern):
        fixed = re.compile(_expression(pattern, wildcards=wildcards), flags)
        return lambda value, _: fixed.fullmatch(value) is not None

    def matches(value: str, context: Context) -> bool:
        filled = _filled(pattern, wildcards, context)
        return filled is not None and re.fullmatch(filled, value, flags) is not None

    return matches


def action(pattern: str) -> Match:
    """Match `service:Operation`, without case."""
    if pattern != "*" and pattern.count(":") != 1:
        raise PolicyError(f"'{pattern}' is no action: expected service:Operation, or *")
    return text(pattern, variables=False, case=False)


def arn(pattern: str, *, variables: bool) -> Match:
    """Match an ARN part by part: a wildcard does not reach over a colon, except in the last part."""
    if pattern == "*":
        return lambda _, __: True
    parts = _COLON.split(pattern, _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or parts[0] != "arn":
        raise PolicyError(f"'{pattern}' is no ARN: expected arn:partition:service:region:account:resource")
    if not (variables and "${" in pattern):
        *first, last = parts
        expressions = [*(_expression(part, sign="[^:]") for part in first), _expression(last)]
        fixed = re.compile(":".join(expressions), re.DOTALL)
        return lambda value, _: fixed.fullmatch(value) is not None
    matches = [text(part, variables=variables) for part in parts]

    def fits(value: str, context: Context) -> bool:
        found = value.split(":", _ARN_PARTS - 1)
        return len(found) == _ARN_PARTS and all(
            match(part, context) for match, part in zip(matches, found, strict=True)
        )

    return fits


def _filled(pattern: str, wildcards: bool, context: Context) -> str | None:
    """The regular expression with the variables' values, which are no wildcards; None if the request lacks one."""
    parts: list[str] = []
    end = 0
    for variable in _VARIABLE.finditer(pattern):
        value = _value(variable, context)
        if value is None:
            return None
        parts += [_expression(pattern[end : variable.start()], wildcards=wildcards), re.escape(value)]
        end = variable.end()
    return "".join([*parts, _expression(pattern[end:], wildcards=wildcards)])


def _value(variable: re.Match[str], context: Context) -> str | None:
    name = variable["name"]
    if name in _ESCAPED:
        return name
    found = context.get(name.lower())
    return found if isinstance(found, str) else variable["default"]


def _expression(pattern: str, *, wildcards: bool = True, sign: str = ".") -> str:
    """The regular expression of a pattern; a wildcard stands for such signs."""
    if not wildcards:
        return re.escape(pattern)
    return "".join(
        {"*": f"{sign}*", "?": sign}.get(character) or re.escape(character) for character in pattern
    )
