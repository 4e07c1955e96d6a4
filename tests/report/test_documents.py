"""The schema, the types and the example documents agree."""

import json
import types
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from jsonschema import Draft202012Validator

from report import SCHEMA
from report.document import Document
from tests.report.examples import KINDS, REAL, clean, text_of

SHAPE = json.loads(SCHEMA.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SHAPE)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SHAPE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_example_is_valid(kind: Callable[[], Any]) -> None:
    VALIDATOR.validate(kind())


def test_the_file_of_the_real_run_has_a_line_for_each_part() -> None:
    text = REAL.read_text(encoding="utf-8")
    assert text == text_of(json.loads(text))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_row_of_an_example_is_accounted_for(kind: Callable[[], Any]) -> None:
    for rows in kind()["datasets"]:
        parts = ("inserted", "updated", "stale", "duplicate", "quarantined")
        assert rows["read"] == sum(rows[part] for part in parts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("started",), "2020-03-01 06:10:00"),
        (("outcome",), "fine"),
        (("datasets", 0, "read"), 1.5),
        (("failure",), {}),
        (("states", 0, "waits"), [{"from": "x"}]),
        (("more",), 1),
    ],
)
def test_a_document_of_another_shape_is_refused(path: tuple[Any, ...], value: object) -> None:
    made = clean()
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not VALIDATOR.is_valid(made)


def test_the_types_have_the_fields_of_the_schema() -> None:
    assert sorted(_differences(Document, SHAPE, "run")) == []


def _differences(hint: Any, schema: Any, path: str) -> Iterator[str]:
    if get_origin(hint) is types.UnionType and type(None) in get_args(hint):
        kinds = [each for each in get_args(hint) if each is not type(None)]
        if not _allows_null(schema):
            yield f"{path}: the schema allows no null"
        if len(kinds) == 1:
            yield from _differences(kinds[0], _resolved(schema), path)
        return
    schema = _resolved(schema)
    if is_typeddict(hint):
        fields = get_type_hints(hint)
        if set(fields) != set(schema["properties"]) or set(fields) != set(schema["required"]):
            yield f"{path}: the type has {sorted(fields)}, the schema {sorted(schema['properties'])}"
        for name, inner in fields.items():
            yield from _differences(inner, schema["properties"][name], f"{path}.{name}")
    elif get_origin(hint) is list:
        yield from _differences(get_args(hint)[0], schema["items"], f"{path}[]")


def _allows_null(schema: Any) -> bool:
    return {"type": "null"} in schema.get("anyOf", []) or "null" in schema.get("type", [])


def _resolved(schema: Any) -> Any:
    """The schema that a reference names, without the alternative null."""
    if "$ref" in schema:
        return SHAPE["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return _resolved(next(each for each in schema["anyOf"] if each != {"type": "null"}))
    return schema
