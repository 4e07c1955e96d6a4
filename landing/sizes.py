"""Reads sizes like 500kB."""

from pydantic import ByteSize, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

_SIZE = TypeAdapter(ByteSize)


def size_in_bytes(text: str) -> int:
    """The bytes, at least 1, in a text like 500kB or 11.4GB; ValueError for any other text. Options use it as their `parser`."""
    try:
        size = int(_SIZE.validate_python(text))
    except ValidationError:
        size = 0
    if size < 1:
        message = "{text} is not a size; write it like 500kB, 100MB or 11.4GB"
        raise PydanticCustomError("size", message, {"text": repr(text)})  # Typer shows this message unchanged
    return size
