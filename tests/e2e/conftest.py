"""One endpoint, deployed once by the CDK CLI, for the tests that run the pipeline on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.endpoint import serving
from local_cloud.state import StateFolder
from stacks.compute.library_archive import ARCHIVE_KEY, LOCK
from tests.e2e.pipeline import PROJECT, Pipeline

SEED = PROJECT.parent / "shared" / "data" / "seed_sample"
CDK = PROJECT / "node_modules" / ".bin" / "cdk"


@pytest.fixture(scope="session")
def seed() -> Path:
    """Captured data: 1,651 rows of each dataset."""
    if not SEED.is_dir():
        pytest.skip(
            "the captured sample is not part of the repository; tests with made-up data cover the same path"
        )
    return SEED


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The application on an endpoint of its own, deployed by the real CDK CLI as onto AWS."""
    folder = StateFolder(tmp_path_factory.mktemp("state"))
    before = dict(os.environ)
    try:
        with serving(folder, "run"):
            cdk(folder.root, "bootstrap")
            cdk(folder.root, "deploy", "--all", "--method", "direct", "--require-approval", "never")
            yield Pipeline(folder)
    finally:
        os.environ.clear()
        os.environ.update(before)


def cdk(folder: Path, *arguments: str) -> None:
    """Run the pinned CDK CLI with the Python and the Node of the virtual environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [
        str(CDK),
        *arguments,
        "--output",
        str(folder / "cdk.out"),
        "--context",
        "statement_poll_seconds=1",
        "--context",  # the libraries themselves are downloaded only where they are to be deployed
        f"{ARCHIVE_KEY}={LOCK}",
    ]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, "PATH": path, "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
