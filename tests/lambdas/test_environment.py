from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.environment import Environment

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1)
environments = st.builds(
    Environment,
    landing_bucket=words,
    working_bucket=words,
    quarantine_bucket=words,
    reports_bucket=words,
    statements_role_arn=words,
    batch_max_files=st.integers(),
    batch_max_bytes=st.integers(),
    copy_files_per_task=st.integers(),
    copy_bytes_per_task=st.integers(),
    analytics_window_days=st.integers(),
)


@given(environments)
def test_a_function_reads_what_the_stack_has_written(
    monkeypatch: pytest.MonkeyPatch, environment: Environment
) -> None:
    for name, value in environment.as_variables().items():
        monkeypatch.setenv(name, value)
    assert Environment.read() == environment


@pytest.mark.parametrize("name", ["LANDING_BUCKET", "COPY_FILES_PER_TASK"])
def test_a_missing_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, with_settings: Callable[..., Environment], name: str
) -> None:
    assert with_settings() == Environment.read()
    monkeypatch.delenv(name)
    with pytest.raises(KeyError, match=name):
        Environment.read()
