"""The project's commands as a person calls them: processes of their own."""

import os
import subprocess
import sys

from stacks import ROOT


def operations(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """`python -m operations ARGUMENTS`, on a terminal of 120 columns; it may fail."""
    return subprocess.run(
        [sys.executable, "-m", "operations", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
