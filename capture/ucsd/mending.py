"""Reads lines that are not quite valid JSON, or not quite a record: a faulty value costs only itself."""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar, get_args, get_origin

from msgspec import Struct, ValidationError, convert
from msgspec.json import Decoder
from msgspec.structs import FieldInfo, fields

from capture.emptying import Emptied
from catalog import Dataset

_DIGITS = 18  # a longer number is read as a text: no column holds it, and Python refuses to read a number of thousands of digits

Record = TypeVar("Record", bound=Struct)


class Reader(Generic[Record]):
    """Reads lines as records of a type; the type's fields are named like the dataset's columns."""

    def __init__(self, type_: type[Record], dataset: Dataset) -> None:
        self._type = type_
        self._dataset = dataset
        self._decoder = Decoder(type_)

    def read(self, line: bytes, emptied: Emptied) -> tuple[Record, bool]:
        """The record of a line, and whether the line is invalid JSON. Raises ValueError if a required field is faulty.

        Texts may contain control characters. Bytes that are no characters, and halves of characters, become U+FFFD. A byte-order mark is
        skipped. Any other value that does not fit its field becomes empty, like NaN, or a list for a text. Of a list only the elements that do
        not fit are left out.
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
            if get_origin(each.type) is list and isinstance(value, list):
                yield each.encode_name, list(self._elements(value, each, emptied))
            elif each.required or value is None or _fits(value, each.type):
                if value is not None:  # null stands for a missing value
                    yield each.encode_name, value
            else:
                self._empty(value, each, emptied)

    def _elements(self, values: Iterable[Any], of: FieldInfo, emptied: Emptied) -> Iterator[Any]:
        """The elements that fit; the others are counted."""
        (type_,) = get_args(of.type)
        for value in values:
            if _fits(value, type_):
                yield value
            else:
                self._empty(value, of, emptied)

    def _empty(self, value: Any, of: FieldInfo, emptied: Emptied) -> None:
        emptied.add(f"{self._dataset.name}.{of.name}", str(value))


def _fits(value: Any, type_: Any) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    try:
        convert(value, type_)
    except ValidationError:
        return False
    return True


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


def _whole(value: Any) -> Any:
    """The value, with U+FFFD for each half of a character."""
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case list():
            return [_whole(each) for each in value]
        case dict():
            return {key: _whole(each) for key, each in value.items()}
        case _:
            return value
