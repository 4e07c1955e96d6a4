"""The application as CloudFormation templates, synthesized once for all workers of a test run."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import pytest
from filelock import FileLock

from local_cloud.state import StateFolder
from local_cloud.synthesis import synthesize


def assembly(factory: pytest.TempPathFactory, settings: Mapping[str, str]) -> Path:
    """What the application becomes with these settings; to be read only."""
    return made_once(factory, "assembly", settings, lambda folder: synthesize(folder, settings))


def as_of_an_earlier_run(factory: pytest.TempPathFactory, state: StateFolder) -> None:
    """Leave in a new state folder what `pipeline run` would synthesize, which takes seconds; it makes it anew if it differs."""
    shutil.copytree(assembly(factory, {"statement_poll_seconds": "1", "name": "goodreads"}), state.assembly)


def made_once(
    factory: pytest.TempPathFactory,
    kind: str,
    settings: Mapping[str, object],
    make: Callable[[Path], object],
) -> Path:
    """A folder that the first worker to ask for it makes, and that the others wait for.

    A test run within a test has the variables of its worker, and is none: the folder around its own is that of all runs of the machine.
    """
    own = factory.getbasetemp()
    common = own.parent if own.name == f"popen-{os.environ.get('PYTEST_XDIST_WORKER')}" else own
    folder = common / f"{kind}-{sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]}"
    complete = folder.with_suffix(".complete")
    with FileLock(folder.with_suffix(".lock")):
        if not complete.exists():
            make(folder)
            complete.touch()
    return folder
