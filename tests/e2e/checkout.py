"""A copy of this checkout, without what set-up and runs have left in it."""

import shutil
from pathlib import Path

from stacks import ROOT

_LEFT_OUT = (
    ".git",
    ".venv",
    "node_modules",
    ".state",
    "cdk.out",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
)


def copy_checkout(target: Path) -> None:
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*_LEFT_OUT))
