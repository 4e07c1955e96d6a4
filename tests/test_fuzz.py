"""`make fuzz` runs the properties alone, and fails when one of them does: then it says how to see the failure again."""

import subprocess
import sys
from pathlib import Path

import pytest

_TESTS = """
from hypothesis import given, strategies as st

@given(st.integers(0, 10_000))
def test_a_number_is_small(number):
    assert number < {limit}

def test_that_is_no_property():
    raise AssertionError
"""


def fuzz(tmp_path: Path, limit: int) -> "subprocess.CompletedProcess[str]":
    file = tmp_path / "test_numbers.py"
    file.write_text(_TESTS.format(limit=limit))
    command = [sys.executable, "-m", "tests.fuzz", "0", "-p", "tests.conftest", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_property_that_holds_for_every_value_passes(tmp_path: Path) -> None:
    ended = fuzz(tmp_path, 10_001)
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout


@pytest.mark.slow
def test_a_property_that_fails_for_some_values_is_found_and_told_how_to_be_seen_again(tmp_path: Path) -> None:
    ended = fuzz(tmp_path, 5_000)
    assert ended.returncode == 1
    assert "number=5000" in ended.stdout
    assert "@reproduce_failure(" in ended.stdout
    assert "--hypothesis-seed=" in ended.stdout
