"""The Lambda functions as they are deployed: code, environment, rights."""

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from lambdas.shared.environment import DRAWING, POWERTOOLS_LAYER, Environment
from local_cloud.deployed_only import DEPLOYED_ONLY
from report.page import LIBRARIES
from stacks import ROOT
from tests.stacks.deployments import Deployment

HANDLERS = {
    "plan_copies",
    "compare_catalog",
    "drop_published",
    "copy_to_working",
    "confirm_copies",
    "quarantine_unreadable",
    "check_quality",
    "acknowledge_landing",
    "report_run",
    "write_report",
}
_IMPORT = """
import importlib, json, sys
found = {}
for name in sys.argv[1:]:
    module, _, function = name.rpartition(".")
    loaded = importlib.import_module(module)
    assert callable(getattr(loaded, function))
    found[name] = loaded.__file__
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def functions(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Properties of each function, by the module of its handler."""
    found = deployment.properties("pipeline", "Lambda::Function")
    return {properties["Handler"].split(".")[1]: properties for properties in found}


@pytest.fixture(scope="module")
def code(deployment: Deployment, functions: dict[str, dict[str, Any]]) -> Path:
    """The folder that is zipped and uploaded as the code of every function."""
    (key,) = {properties["Code"]["S3Key"] for properties in functions.values()}
    return deployment.folder / f"asset.{key.removesuffix('.zip')}"


def statements_of(deployment: Deployment, module: str) -> list[dict[str, Any]]:
    """The IAM statements of a function's own policies."""
    role = f"Functions{module.title().replace('_', '')}ServiceRole"
    return [
        statement
        for policy in deployment.properties("pipeline", "IAM::Policy")
        if role in json.dumps(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def buckets_of(deployment: Deployment, module: str, action: str) -> set[str]:
    """The zones in which a function may do what starts with `action`."""
    text = json.dumps(
        [
            statement["Resource"]
            for statement in statements_of(deployment, module)
            if any(allowed.startswith(action) for allowed in _listed(statement["Action"]))
        ]
    )
    return {
        zone
        for zone in ("Landing", "Working", "Processed", "Quarantine", "Reports")
        if re.search(f"(Ref|FnGetAtt){zone}", text)
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_there_is_a_function_for_every_handler(functions: dict[str, dict[str, Any]]) -> None:
    modules = {path.stem for path in (ROOT / "lambdas").glob("*.py") if "\ndef handler(" in path.read_text()}
    assert set(functions) == modules == HANDLERS


def test_the_code_is_the_handlers_with_contract_catalog_and_report_and_nothing_else(code: Path) -> None:
    uploaded = {path.relative_to(code).as_posix() for path in code.rglob("*") if path.is_file()}
    assert uploaded == {
        path.relative_to(ROOT).as_posix()
        for folder in ("lambdas", "contract", "catalog", "report")
        for path in (ROOT / folder).rglob("*" if folder == "report" else "*.py")
        if path.is_file() and "__pycache__" not in path.parts
    } | {f"node_modules/{name}" for name in LIBRARIES}
    assert sum((code / name).stat().st_size for name in uploaded) < 10_000_000
    assert not [path.name for path in code.rglob("__pycache__")]


@pytest.mark.slow
def test_every_handler_is_imported_from_the_code_without_keys_or_configuration(
    code: Path, functions: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    handlers = [properties["Handler"] for properties in functions.values()]
    ended = subprocess.run(
        [sys.executable, "-P", "-B", "-c", _IMPORT, *handlers],
        cwd=tmp_path,
        env={"PYTHONPATH": os.pathsep.join((str(code), str(DEPLOYED_ONLY)))},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {name: f"{code}/{name.replace('.', '/')[:-8]}.py" for name in handlers}


def test_every_function_finds_its_whole_environment(functions: dict[str, dict[str, Any]]) -> None:
    names = {field.name.upper() for field in fields(Environment)}
    for module, properties in functions.items():
        variables = properties["Environment"]["Variables"]
        assert set(variables) == {
            *names,
            *({DRAWING} if module == "write_report" else ()),
            "POWERTOOLS_SERVICE_NAME",
            "POWERTOOLS_LOG_LEVEL",
            "POWERTOOLS_METRICS_NAMESPACE",
        }
        assert variables["POWERTOOLS_SERVICE_NAME"] == module
        for zone in ("Landing", "Working", "Quarantine", "Reports"):
            assert f"Ref{zone}" in variables[f"{zone.upper()}_BUCKET"]["Fn::ImportValue"]
        assert variables["BATCH_MAX_FILES"] == "10000"
        assert variables["BATCH_MAX_BYTES"] == "17179869184"
        assert variables["COPY_FILES_PER_TASK"] == "1000"
        assert variables["ANALYTICS_WINDOW_DAYS"] == "30"


def test_the_functions_have_awss_powertools_layer_or_that_of_the_settings(
    functions: dict[str, dict[str, Any]], deployment: Deployment, changed: Deployment
) -> None:
    parameters = deployment.template("pipeline")["Parameters"]
    for properties in functions.values():
        (layer,) = properties["Layers"]
        assert parameters[layer["Ref"]]["Default"] == POWERTOOLS_LAYER
    layers = [properties["Layers"] for properties in changed.properties("pipeline", "Lambda::Function")]
    assert layers == [["arn:aws:lambda:us-east-1:123456789012:layer:Powertools:7"]] * len(functions)


def test_a_function_writes_to_its_own_log_group_and_to_no_other(
    deployment: Deployment, functions: dict[str, dict[str, Any]]
) -> None:
    for module, properties in functions.items():
        logs = [one for one in statements_of(deployment, module) if "logs:" in json.dumps(one["Action"])]
        assert logs == [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": {"Fn::GetAtt": [properties["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]},
            }
        ]
    groups = [json.dumps(properties["LoggingConfig"]["LogGroup"]) for properties in functions.values()]
    assert len(set(groups)) == len(HANDLERS)


def test_no_function_has_a_policy_that_aws_manages(
    deployment: Deployment, functions: dict[str, dict[str, Any]]
) -> None:
    resources = deployment.template("pipeline")["Resources"]
    for properties in functions.values():
        role = resources[properties["Role"]["Fn::GetAtt"][0]]
        assert role["Type"] == "AWS::IAM::Role"
        assert "ManagedPolicyArns" not in role["Properties"]


def test_only_what_asks_the_ledger_may_delete_and_only_in_landing(deployment: Deployment) -> None:
    assert {module: buckets_of(deployment, module, "s3:Delete") for module in HANDLERS} == {
        "plan_copies": set(),
        "compare_catalog": set(),
        "drop_published": {"Landing"},
        "copy_to_working": set(),
        "confirm_copies": set(),
        "quarantine_unreadable": set(),
        "check_quality": set(),
        "acknowledge_landing": {"Landing"},
        "report_run": set(),
        "write_report": set(),
    }


def test_no_function_may_write_into_landing_and_few_write_at_all(
    deployment: Deployment,
) -> None:
    assert {module: buckets_of(deployment, module, "s3:Put") for module in HANDLERS} == {
        "plan_copies": {"Working"},
        "compare_catalog": set(),
        "drop_published": {"Working"},
        "copy_to_working": {"Working", "Quarantine"},
        "confirm_copies": {"Working"},
        "quarantine_unreadable": {"Quarantine"},
        "check_quality": {"Working"},
        "acknowledge_landing": set(),
        "report_run": set(),
        "write_report": {"Reports"},
    }


def test_what_deletes_on_condition_may_read_and_what_copies_in_parts_may_give_up(
    deployment: Deployment,
) -> None:
    for module in ("drop_published", "acknowledge_landing"):
        assert "Landing" in buckets_of(deployment, module, "s3:Delete") & buckets_of(
            deployment, module, "s3:GetObject"
        )
    for module in ("copy_to_working", "quarantine_unreadable"):
        written = buckets_of(deployment, module, "s3:PutObject")
        assert buckets_of(deployment, module, "s3:Abort") == written


def test_a_function_reads_only_what_it_needs(deployment: Deployment) -> None:
    assert {module: buckets_of(deployment, module, "s3:Get") for module in HANDLERS} == {
        "plan_copies": {"Landing"},
        "compare_catalog": set(),
        "drop_published": {"Landing", "Working"},
        "copy_to_working": {"Landing", "Working", "Quarantine"},
        "confirm_copies": {"Working"},
        "quarantine_unreadable": {"Working", "Quarantine"},
        "check_quality": set(),
        "acknowledge_landing": {"Landing", "Working"},
        "report_run": set(),
        "write_report": {"Working", "Quarantine", "Reports"},
    }
