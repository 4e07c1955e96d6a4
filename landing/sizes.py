"""Sizes as people write them."""

from pydantic import ByteSize, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

_SIZE = TypeAdapter(ByteSize)


def size_in_bytes(text: str) -> int:
    """At least 1, from texts like 500kB or 11.4GB; ValueError for any other. The `parser` of an option that is a size."""
    try:
        size = int(_SIZE.validate_python(text))
    except ValidationError:
        size = 0
    if size < 1:
        message = "{text} is not a size; write it like 500kB, 100MB or 11.4GB"
        raise PydanticCustomError("size", message, {"text": repr(text)})  # which Typer tells as it is
    return size
