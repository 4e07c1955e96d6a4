"""One pipeline with its faults for each module, and the cases; only `-m crash` collects all cases."""

from collections.abc import Iterator

import pytest

from tests.assemblies import assembly
from tests.crash.lab import SETTINGS, laboratory
from tests.crash.stage import Stage
from tests.crash.states import cases, synthesized_states
from tests.crash.warm import WarmSpark
from tests.local_cloud.conftest import environment_restored

SAMPLE = [
    ("before", "ConfirmCopies"),
    ("after", "CopyBatch"),
    ("before", "PublishWarehouse: submit"),
    ("after", "PublishWarehouse: submit"),
    ("twice", "PublishWarehouse"),
    ("before", "AcknowledgeLanding"),
    ("after", "RankBooks: submit"),
    ("redriven", "AcknowledgeLanding"),
    ("redriven", "AlterTable"),
    ("before", "RecordCatalog"),
]
"""What the normal test run tries: each mode in the copying, the publish, and what follows it; tasks are repeated all at once."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The cases of tests that take `mode` and `state`; reading the states from the application takes seconds."""
    if {"mode", "state"} <= set(metafunc.fixturenames):
        if metafunc.config.getoption("markexpr") == "crash":
            every_one = [pytest.param(*case, marks=pytest.mark.crash) for case in cases(synthesized_states())]
            metafunc.parametrize(("mode", "state"), every_one)
        else:
            metafunc.parametrize(("mode", "state"), SAMPLE)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, warm_spark: WarmSpark) -> Iterator[Stage]:
    """A pipeline that has published a first delivery."""
    synthesized = assembly(tmp_path_factory, SETTINGS)
    root = tmp_path_factory.mktemp("state")
    with environment_restored(), laboratory(root, synthesized, warm_spark) as lab:
        yield Stage(lab)
