"""The scripts of the pages, as the browser reads them first. The tests in a browser are slow; a missing bracket is found here."""

import subprocess
from pathlib import Path

import pytest

from stacks import ROOT

SCRIPTS = sorted(
    script
    for folder in ("report/browser", "operations/console/static")
    for script in (ROOT / folder).glob("*.js")
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_has_no_syntax_error(script: Path) -> None:
    done = subprocess.run(["node", "--check", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
