"""moto's Lambda with the runtime behind it."""

import base64
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.config import default_user_config
from moto.iam.models import iam_backends

from local_cloud import lambda_
from local_cloud.account import ACCOUNT
from tests.local_cloud.lambda_.test_lambda_runtime import zip_of


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The functions that a runtime hears of."""
    for name in ("invoke", "create_function"):
        monkeypatch.setattr(LambdaSimpleBackend, name, getattr(LambdaSimpleBackend, name))
    monkeypatch.setitem(default_user_config, "lambda", dict(default_user_config["lambda"]))
    functions: list[Any] = []
    runtime: Any = SimpleNamespace(made=functions.append, code=tmp_path, log=lambda _: tmp_path / "log")
    lambda_.install(runtime)
    return functions


@pytest.fixture
def role() -> Iterator[str]:
    """The ARN of a role that a function can have."""
    iam = iam_backends[ACCOUNT]["aws"]
    made = iam.create_role("goodreads-test", "{}", "/", "", "", [], "3600")
    yield made.arn
    iam.delete_role("goodreads-test")


def test_the_runtime_hears_of_each_function_that_is_made_with_all_that_a_process_of_it_needs(
    heard: list[Any], role: str
) -> None:
    code = zip_of(app="def handler(event, context): return event")
    backend = LambdaSimpleBackend("us-east-1", ACCOUNT)
    answered = backend.create_function(
        {
            "FunctionName": "goodreads-test",
            "Handler": "app.handler",
            "Role": role,
            "Runtime": "python3.11",
            "Environment": {"Variables": {"LANDING": "goodreads-landing"}},
            "Code": {"ZipFile": base64.b64encode(code).decode()},
        }
    )
    (function,) = heard
    assert function is answered
    assert (function.handler, function.code_bytes) == ("app.handler", code)
    assert function.environment_vars == {"LANDING": "goodreads-landing"}
