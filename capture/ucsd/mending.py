"""Lines that are not quite the JSON, or not quite the record, that they should be: a fault in a value costs that value."""

import json
import math
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from msgspec import Struct, ValidationError, convert
from msgspec.json import Decoder
from msgspec.structs import FieldInfo, fields

from capture.emptying import Emptied
from catalog import Dataset

_DIGITS = 18  # a longer number is a text: no column holds it, and Python refuses to read one of thousands

Record = TypeVar("Record", bound=Struct)


class Reader(Generic[Record]):
    """Reads lines as records of a type, whose fields are named like columns of the dataset."""

    def __init__(self, type_: type[Record], dataset: Dataset) -> None:
        self._type = type_
        self._dataset = dataset
        self._decoder = Decoder(type_)

    def read(self, line: bytes, emptied: Emptied) -> tuple[Record, bool]:
        """The record of a line, and whether the line is no JSON as it is; ValueError if a field that has to be there is at fault.

        Control characters may stand in a text, bytes and halves that are no character become U+FFFD, and a byte-order mark is skipped. Any other
        value that a field cannot have becomes empty: NaN, a list for a text.
        """
        try:
            return self._decoder.decode(line), False
        except ValueError as error:
            try:
                found = json.loads(
                    line.decode(errors="replace").lstrip("\ufeff"), strict=False, parse_int=_number
                )
            except ValueError:
                raise error from None
            if not isinstance(found, dict):
                raise
            record = convert(dict(self._possible(found, emptied)), self._type)
            return record, not isinstance(error, ValidationError)

    def _possible(self, found: dict[str, Any], emptied: Emptied) -> Iterator[tuple[str, Any]]:
        for each in fields(self._type):
            value = _whole(found.get(each.encode_name))
            if each.required or _is_possible(value, each):
                if value is not None:
                    yield each.encode_name, value
            else:
                emptied.add(f"{self._dataset.name}.{each.name}", str(value))


def _is_possible(value: Any, of: FieldInfo) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    try:
        convert(value, of.type)
    except ValidationError:
        return value is None  # nothing is said
    return True


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


def _whole(value: Any) -> Any:
    """The value without halves of characters."""
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case list():
            return [_whole(each) for each in value]
        case dict():
            return {key: _whole(each) for key, each in value.items()}
        case _:
            return value
