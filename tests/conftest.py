"""How property tests choose their examples.

`repeatable` is for every run: a commit has the same examples everywhere. `fuzz` is for `make fuzz`: other examples in each run, more of
them, and what was found is kept in .hypothesis to be tried first next time. Neither has a time limit, which load would decide.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

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
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--hypothesis-profile") != _FUZZ:
        # Hypothesis tries constants of the modules that happen to be imported: the tests before would choose the examples.
        pytest.MonkeyPatch().setattr(providers, "is_local_module_file", lambda _: False)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Long bytes give a test their length as a name: compressed ones can hold the time."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > 15 else None
