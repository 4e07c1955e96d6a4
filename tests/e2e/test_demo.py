"""The demo as README shows it: `make demo`, shorter."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stacks import ROOT

pytestmark = pytest.mark.e2e

_MINUTES = 0.1  # a dozen reviews: the API's feed shows 30, so a collector that was killed finds all of them


@pytest.mark.parametrize(("options", "worker"), [([], "follower of readers"), (["--api"], "collector")])
def test_the_demo_ends_with_each_review_once(tmp_path: Path, options: list[str], worker: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--minutes", str(_MINUTES), *options],
        cwd=tmp_path,  # its state is below the folder it is called in
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"starting a simulated Goodreads, a {worker}, an uploader and the pipeline" in done.stdout
    assert done.stdout.count("was killed (SIGKILL) and started again") == 2
    total = r"published by Goodreads: (\d+); rows in goodreads_warehouse.reviews: (\d+); the same ids"
    ((published, rows),) = re.findall(total, done.stdout)
    assert int(published) == int(rows) > 0
