"""What a service's model says of the members of a request: what has to be there, and what botocore leaves to the service.

That is length, range and pattern.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape


def problems(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """What AWS would say of each value that breaks a constraint of the model; the types are right already."""
    if path:
        for constraint in _broken(value, shape):
            yield f"Value at '{path}' failed to satisfy constraint: Member must {constraint}"
    for part, inner, name in _parts(value, shape):
        yield from problems(part, inner, f"{path}.{name}" if path else name)


def required(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """What AWS would say of each member that is missing; boto3 does not send such a request, a state machine does."""
    if isinstance(shape, StructureShape):
        for member in shape.required_members:
            if value.get(member) is None:
                name = f"{path}.{_inner(member)}" if path else _inner(member)
                yield f"Value null at '{name}' failed to satisfy constraint: Member must not be null"
    for part, inner, name in _parts(value, shape):
        yield from required(part, inner, f"{path}.{name}" if path else name)


def _parts(value: Any, shape: Shape) -> Iterator[tuple[Any, Shape, str]]:
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield value[name], member, _inner(name)
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, 1):
            yield item, shape.member, f"{number}.member"
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield item, shape.value, f"{key}.value"


def _inner(name: str) -> str:
    return name[0].lower() + name[1:]


def _broken(value: Any, shape: Shape) -> Iterator[str]:
    limits = shape.metadata
    is_number = isinstance(value, int | float)
    size = value if is_number else len(value) if isinstance(value, str | bytes | list | dict) else None
    subject = "have value" if is_number else "have length"
    if size is not None and size < limits.get("min", size):
        yield f"{subject} greater than or equal to {limits['min']}"
    if size is not None and size > limits.get("max", size):
        yield f"{subject} less than or equal to {limits['max']}"
    if isinstance(value, str) and "pattern" in limits and not _pattern(limits["pattern"]).fullmatch(value):
        yield f"satisfy regular expression pattern: {limits['pattern']}"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """The models' patterns are Java's; one that Python does not know, with a class of Unicode, takes every text."""
    try:
        return re.compile(text)
    except re.error:
        return re.compile(".*", re.DOTALL)
