"""`make run` where a path has a space, an accent and a quote, under a locale without accents."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from faker_tool.generate import generate
from stacks import ROOT
from tests.e2e.checkout import copy_checkout

pytestmark = pytest.mark.e2e


def link_or_copy(source: str, target: str) -> str:
    """A hard link; a copy where the two are on different disks."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The repository in such a folder, with the virtual environment inside it."""
    root = tmp_path / "l'été 1" / "check out"
    copy_checkout(root)
    shutil.copytree(sys.prefix, root / ".venv", symlinks=True, copy_function=link_or_copy)
    packages = root / ".venv" / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    for link in packages.glob("__editable__*"):
        link.unlink()  # it leads to the code of this checkout
    command = root / ".venv" / "bin" / "pipeline"
    command.unlink()  # it names the Python of this checkout
    command.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m operations "$@"\n')
    command.chmod(0o755)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    return root


def test_the_pipeline_runs_whatever_the_folders_and_the_locale_are_called(checkout: Path) -> None:
    made = generate(checkout / "mes données", size=100_000)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS", "PYTHONDONTWRITEBYTECODE"))
    }

    done = subprocess.run(
        ["make", "--assume-old=runtime", "run", "DATA=mes données"],
        cwd=checkout,
        env={**inherited, "LC_ALL": "POSIX"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCEEDED" in done.stdout
    # Python keeps what it compiles beside the code that it runs
    assert (checkout / "operations" / "__pycache__").is_dir(), "the command ran the code of another checkout"
    assert made.records > 0
    assert list((checkout / ".state" / "buckets").glob("goodreads-processed-*/run=*/reviews/*"))
