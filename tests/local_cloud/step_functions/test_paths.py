"""A path of a definition is parsed once, however many states and executions read it."""

from types import ModuleType

import pytest
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.utils import json_path

pytestmark = pytest.mark.usefixtures("endpoint")


@pytest.mark.parametrize("module", [json_path, result_path])
def test_a_path_is_parsed_once(module: ModuleType) -> None:
    assert module.parse("$.a.b") is module.parse("$.a.b")
    assert json_path.extract_json("$.a.b", {"a": {"b": 1}}) == 1
