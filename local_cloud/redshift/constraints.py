"""The constraints of a service's model on the members of a request, which botocore leaves to the service: length, range, pattern."""

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, Shape, StructureShape


def problems(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """What AWS would say of each value that breaks a constraint of the model; the types are right already."""
    if path:
        for constraint in _broken(value, shape):
            yield f"Value at '{path}' failed to satisfy constraint: Member must {constraint}"
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            if value.get(name) is not None:
                inner = name[0].lower() + name[1:]
                yield from problems(value[name], member, f"{path}.{inner}" if path else inner)
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, 1):
            yield from problems(item, shape.member, f"{path}.{number}.member")


def _broken(value: Any, shape: Shape) -> Iterator[str]:
    limits = shape.metadata
    is_number = isinstance(value, int)
    size = value if is_number else len(value) if isinstance(value, str | list) else None
    subject = "have value" if is_number else "have length"
    if size is not None and size < limits.get("min", size):
        yield f"{subject} greater than or equal to {limits['min']}"
    if size is not None and size > limits.get("max", size):
        yield f"{subject} less than or equal to {limits['max']}"
    if isinstance(value, str) and "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        yield f"satisfy regular expression pattern: {limits['pattern']}"
