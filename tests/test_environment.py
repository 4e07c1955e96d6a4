"""What a test file is given of the environment, and what it may leave."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stacks import ROOT

SEES_NOTHING = """
import os

import boto3
import typer
from typer.testing import CliRunner

app = typer.Typer()

@app.command()
def say(*, word: str = typer.Option()) -> None: ...

def test_no_account_is_seen():
    session = boto3.Session()
    assert (session.profile_name, session.region_name, session.get_credentials()) == ("default", None, None)
    switched_off = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"}
    assert {name for name in os.environ if name.startswith("AWS_")} == switched_off

def test_nothing_is_coloured_or_cut():
    assert "Missing option '--word'" in CliRunner().invoke(app, []).output
"""
LEAVES_AN_ADDRESS = """
import os

def test_an_address_is_left():
    os.environ["AWS_ENDPOINT_URL"] = "http://localhost:1"
"""


SOMEBODY = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://localhost:1",
    "COLUMNS": "20",
    "FORCE_COLOR": "1",
    "GITHUB_ACTIONS": "true",
    "TERM": "xterm-256color",
}
CONFIGURED = """
[default]
region = eu-central-1
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI
"""


def run(folder: Path, source: str) -> "subprocess.CompletedProcess[str]":
    """A file of tests with the fixtures of all tests, run by a service, as somebody with a profile that does not exist and `aws configure`."""
    home = folder / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "config").write_text(CONFIGURED)
    (folder / "test_of_somebody.py").write_text(source)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, str(folder)],
        cwd=ROOT,
        env={**environment, **SOMEBODY, "HOME": str(home)},
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
