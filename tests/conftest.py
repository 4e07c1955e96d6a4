"""How property tests choose their examples, and the order of the tests.

`repeatable` is for every run: a commit has the same examples everywhere. `fuzz` is for `make fuzz`: other examples in each run, more of
them, and what was found is kept in .hypothesis to be tried first next time. Neither has a time limit, which load would decide.
"""

import gc
import logging
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import boto3
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers
from playwright.sync_api import Browser

from tests import no_account  # noqa: F401 - before anything that asks for a profile
from tests.browser import browser as browsers
from tests.crash.warm import WarmSpark

_LONGEST_FIRST = ("e2e", "spark", "slow")
_FUZZ = "fuzz"
_PERMITTED = [
    HealthCheck.too_slow,  # the machine's load would decide
    HealthCheck.data_too_large,  # whole files are drawn
    HealthCheck.function_scoped_fixture,  # a test that shares a folder or a warehouse among its examples empties it itself
]

settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=_PERMITTED,
)
settings.register_profile(
    _FUZZ, max_examples=500, deadline=None, print_blob=True, suppress_health_check=_PERMITTED
)
settings.register_profile(  # the same examples; a failure is not made smaller, which takes many times as long as finding it
    "mutation", settings.get_profile("repeatable"), phases=(Phase.explicit, Phase.generate)
)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--hypothesis-profile") != _FUZZ:
        # Hypothesis tries constants of the modules that happen to be imported: the tests before would choose the examples.
        pytest.MonkeyPatch().setattr(providers, "is_local_module_file", lambda _: False)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """No garbage collection while the tests' modules are imported, and none of what they hold: it all stays until the end.

    Afterwards all that the tests hold is searched a twentieth as often as usual, as in a command (`command_line/on_demand.py`).
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        young, middle, old = gc.get_threshold()
        gc.set_threshold(young, middle, 20 * old)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of slow tests first: a worker that began one last would end minutes after the other."""
    ranks: dict[Path, int] = {}
    for item in items:
        rank = next(
            (rank for rank, mark in enumerate(_LONGEST_FIRST) if item.get_closest_marker(mark)),
            len(_LONGEST_FIRST),
        )
        ranks[item.path] = min(rank, ranks.get(item.path, rank))
    items.sort(key=lambda item: ranks[item.path])


def pytest_make_parametrize_id(val: object) -> str | None:
    """Long bytes give a test their length as a name: compressed ones can hold the time."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > 15 else None


@pytest.fixture(autouse=True)
def _log_lines_as_before() -> Iterator[None]:
    """A command of capture lets its package tell more; the next test of the process hears what it would alone."""
    package = logging.getLogger("capture")
    handlers, level = package.handlers, package.level
    yield
    package.handlers = handlers
    package.setLevel(level)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a worker."""
    with browsers.started() as browser:
        yield browser


@pytest.fixture(scope="session")
def warm_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmSpark]:
    """One Spark process for all pipelines of a worker whose steps are not what is tested."""
    with closing(WarmSpark(tmp_path_factory.mktemp("warm"))) as warm:
        yield warm


@pytest.fixture(scope="module", autouse=True)
def _default_session() -> None:
    """boto3's default session remembers the first keys it finds: each file begins without those of another one."""
    boto3.DEFAULT_SESSION = None


@pytest.fixture(scope="module", autouse=True)
def _environment_left_as_found() -> Iterator[None]:
    """A file leaves the environment as it found it: an endpoint's address in it would be the next file's, after the endpoint has ended."""
    before = dict(os.environ)
    yield
    after = dict(os.environ)
    os.environ.clear()
    os.environ.update(before)
    left = {name for name, _ in before.items() ^ after.items()} - {"PYTEST_CURRENT_TEST"}
    assert not left, f"this file has changed the environment: {sorted(left)}; see `environment_restored`"
