"""The endpoint is killed in the middle of a run, with everything in it; a new one on the same folder goes on."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from local_cloud.state import StateFolder
from stacks import ROOT
from tests import assemblies
from tests.crash.deliveries import FIRST, SECOND
from tests.crash.lab import SETTINGS, deployed
from tests.crash.outcome import Outcome, outcome_of
from tests.crash.warm import WarmSpark
from tests.local_cloud.conftest import environment_restored

pytestmark = pytest.mark.e2e

SAMPLE = [("commit", "PublishWarehouse"), ("committed", "PublishWarehouse")]
MORE = [
    ("statement", "1", "PublishWarehouse"),
    ("statement", "6", "PublishWarehouse"),
    ("statement", "12", "PublishWarehouse"),
    ("after", "AcquireLease"),
    ("after", "CopyBatch"),
    ("before", "MarkUnfinished"),
    ("after", "PublishWarehouse: submit"),
    ("after", "AcknowledgeLanding"),
    ("committed", "RankAuthors"),
    ("before", "ReleaseLease"),
    ("after", "ReleaseLease"),
]


@dataclass(frozen=True)
class Folders:
    """`state` is what an endpoint serves, `landed` a copy of it in which the second delivery has landed."""

    state: Path
    landed: Path
    expected: Outcome


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, warm_spark: WarmSpark) -> Iterator[Folders]:
    """A pipeline with a second delivery in landing, and what comes of it undisturbed."""
    state, landed = tmp_path_factory.mktemp("state"), tmp_path_factory.mktemp("landed") / "state"
    assembly = state / "cdk.out"  # the process that is to be killed finds it there
    shutil.copytree(assemblies.assembly(tmp_path_factory, SETTINGS), assembly)
    with ExitStack() as stack:
        stack.enter_context(environment_restored())
        with deployed(state, assembly) as lab:
            stack.enter_context(warm_spark.serving(StateFolder(state)))
            lab.land(FIRST)
            lab.run_until_nothing_is_left()
            lab.land(SECOND)
        shutil.copytree(state, landed, ignore=shutil.ignore_patterns("spark.sock"))
        with deployed(state, assembly) as lab:
            lab.run_until_nothing_is_left()
            expected = outcome_of(lab)
        yield Folders(state, landed, expected)


@pytest.mark.parametrize(
    "moment", [*SAMPLE, *(pytest.param(m, marks=pytest.mark.crash) for m in MORE)], ids="-".join
)
def test_a_new_endpoint_makes_up_for_one_that_was_killed(folders: Folders, moment: tuple[str, ...]) -> None:
    _restore(folders)
    command = [sys.executable, "-m", "tests.crash.endpoint_to_kill", str(folders.state), *moment]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]

    with deployed(folders.state, folders.state / "cdk.out") as lab:
        lab.run_until_nothing_is_left()

        assert outcome_of(lab) == folders.expected


def _restore(folders: Folders) -> None:
    """The state folder as it was, except for the way to the warm Spark process."""
    for path in folders.state.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "spark.sock":
            path.unlink()
    shutil.copytree(folders.landed, folders.state, dirs_exist_ok=True)
