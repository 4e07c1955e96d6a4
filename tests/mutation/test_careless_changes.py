"""The list of careless changes fits the tree. `make mutate` makes the changes."""

from pathlib import Path

import pytest

from stacks import ROOT
from tests.mutation.careless import Change, careless_changes


@pytest.mark.parametrize("change", careless_changes(), ids=str)
def test_a_careless_change_fits_its_file_and_names_tests_that_exist(change: Change) -> None:
    text = (ROOT / change.file).read_text(encoding="utf-8")
    assert change.applied_to(text) != text
    for test in change.tests:
        path, _, name = test.partition("::")
        assert name.partition("[")[0] in Path(ROOT, path).read_text(encoding="utf-8")
