"""What a test file is given of the environment, and what it may leave."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stacks import ROOT

SEES_NOTHING = """
import os

def test_no_variable_of_an_account_is_seen():
    assert not [name for name in os.environ if name.startswith("AWS_")]
"""
LEAVES_AN_ADDRESS = """
import os

def test_an_address_is_left():
    os.environ["AWS_ENDPOINT_URL"] = "http://localhost:1"
"""


def run(folder: Path, source: str) -> "subprocess.CompletedProcess[str]":
    """A file of tests with the fixtures of all tests, run by somebody with a profile that does not exist."""
    (folder / "test_of_somebody.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, str(folder)],
        cwd=ROOT,
        env={**os.environ, "AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL": "http://localhost:1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_file_sees_nothing_of_the_account_of_whoever_runs_the_tests(tmp_path: Path) -> None:
    done = run(tmp_path, SEES_NOTHING)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_file_that_leaves_an_address_in_the_environment_fails(tmp_path: Path) -> None:
    done = run(tmp_path, LEAVES_AN_ADDRESS)
    assert done.returncode == 1
    assert "this file has changed the environment: ['AWS_ENDPOINT_URL']" in done.stdout
