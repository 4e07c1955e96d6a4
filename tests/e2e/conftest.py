"""An endpoint for each module of tests, with the pipeline on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from local_cloud import deploy, endpoint
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.emr.steps import StepRunner
from local_cloud.state import StateFolder
from stacks import ROOT
from stacks.compute.library_archive import ARCHIVE_KEY, LOCK
from tests import assemblies
from tests.crash.warm import WarmSpark, submit_executable
from tests.e2e.pipeline import Pipeline
from tests.local_cloud.conftest import environment_restored

SEED = ROOT.parent / "shared" / "data" / "seed_sample"
CDK = ROOT / "node_modules" / ".bin" / "cdk"
SETTINGS = {"statement_poll_seconds": "1", "alarm_email": "night@example.org"}


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """A command that a test calls in this process lets it talk to the command's endpoint."""
    with environment_restored():
        yield


@pytest.fixture(scope="session")
def seed() -> Path:
    """Captured data: 1,651 rows of each dataset."""
    if not SEED.is_dir():
        pytest.skip(
            "the captured sample is not part of the repository; tests with made-up data cover the same path"
        )
    return SEED


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application, synthesized once for all endpoints."""
    return assemblies.assembly(tmp_path_factory, SETTINGS)


@pytest.fixture(scope="module")
def pipeline(
    tmp_path_factory: pytest.TempPathFactory, assembly: Path, request: pytest.FixtureRequest
) -> Iterator[Pipeline]:
    """The application on an endpoint of its own; its parameter says whether steps run on a cluster of processes."""
    folder = StateFolder(tmp_path_factory.mktemp("state"))
    cluster = getattr(request, "param", False)
    with served(folder, cluster=cluster):
        deploy.apply(assembly, ACCOUNT, REGION)
        yield Pipeline(folder, cluster=cluster)


@pytest.fixture(scope="module")
def warm_pipeline(
    tmp_path_factory: pytest.TempPathFactory, assembly: Path, warm_spark: WarmSpark
) -> Iterator[Pipeline]:
    """A pipeline whose steps go to a warm Spark process, for tests of what comes before and after the step."""
    folder = StateFolder(tmp_path_factory.mktemp("state"))
    runner = partial(StepRunner, submit=submit_executable(folder.root))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(endpoint, "StepRunner", runner)
        with served(folder):
            deploy.apply(assembly, ACCOUNT, REGION)
            with warm_spark.serving(folder):
                yield Pipeline(folder)


@pytest.fixture(scope="module")
def pipeline_of_the_cdk_cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The application on an endpoint of its own, deployed by the real CDK CLI as onto AWS."""
    folder = StateFolder(tmp_path_factory.mktemp("state"))
    with served(folder):
        cdk(folder.root, "bootstrap")
        cdk(folder.root, "deploy", "--all", "--method", "direct", "--require-approval", "never")
        yield Pipeline(folder)


@contextmanager
def served(folder: StateFolder, *, cluster: bool = False) -> Iterator[None]:
    """An endpoint that serves the folder in the block."""
    with environment_restored(), endpoint.serving(folder, "run", cluster=cluster):
        yield


def cdk(folder: Path, *arguments: str) -> None:
    """Run the pinned CDK CLI with the Python and the Node of the virtual environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [
        str(CDK),
        *arguments,
        "--output",
        str(folder / "cdk.out"),
        *(part for name, value in SETTINGS.items() for part in ("--context", f"{name}={value}")),
        "--context",  # the libraries themselves are downloaded only where they are to be deployed
        f"{ARCHIVE_KEY}={LOCK}",
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PATH": path, "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
