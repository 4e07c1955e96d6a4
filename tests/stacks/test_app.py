import json
import re
from typing import Any

import pytest
from cfnlint import ManualArgs, lint_file

from stacks import ROOT
from tests.stacks.deployments import Deployment
from tests.stacks.test_pipeline_stack import schedule_of

STACKS = ["storage", "network", "warehouse", "compute", "pipeline", "monitoring"]


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Every IAM statement of a template, wherever it stands, but those that deny."""
    found: list[dict[str, Any]] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("Effect") == "Allow":
                found.append(value)
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    collect(template)
    return found


def test_the_stacks_are_named_after_the_deployment(deployment: Deployment, changed: Deployment) -> None:
    assert {path.name.split(".")[0] for path in deployment.template_files} == {
        f"goodreads-{s}" for s in STACKS
    }
    assert {path.name.split(".")[0] for path in changed.template_files} == {f"books-2-{s}" for s in STACKS}


def test_every_security_finding_is_fixed_or_accepted_with_a_reason(
    deployment: Deployment, changed: Deployment
) -> None:
    assert [rule for rule in deployment.findings if "Annotation" not in rule] == []
    assert [rule for rule in changed.findings if "Annotation" not in rule] == []


@pytest.mark.slow
@pytest.mark.parametrize("stack", STACKS)
def test_cloudformation_would_accept_the_template(deployment: Deployment, stack: str) -> None:
    matches = lint_file(
        deployment.folder / f"goodreads-{stack}.template.json", config=ManualArgs(regions=["us-east-1"])
    )
    assert [str(match) for match in matches if match.rule.severity == "error"] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_policy_allows_everything(deployment: Deployment, stack: str) -> None:
    for statement in statements(deployment.template(stack)):
        if "AWS" in statement.get("Principal", {}) and "root" in json.dumps(statement["Principal"]):
            continue  # a key's policy hands the key to the account's own IAM
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if re.fullmatch(r"\*|\w+:\*", action)]


@pytest.mark.parametrize("name", ["deployment", "tuned"])  # a rule, and a schedule of EventBridge Scheduler
def test_only_the_roles_of_functions_and_nodes_trust_a_service_without_a_condition(
    request: pytest.FixtureRequest, name: str
) -> None:
    deployment = request.getfixturevalue(name)
    trusts = [
        statement
        for stack in STACKS
        for role in deployment.properties(stack, "IAM::Role")
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
        if "Service" in statement["Principal"]
    ]
    free = {trust["Principal"]["Service"] for trust in trusts if "Condition" not in trust}
    assert free == {"lambda.amazonaws.com", "ec2.amazonaws.com"}


@pytest.mark.parametrize("stack", STACKS)
def test_no_template_holds_a_secret(deployment: Deployment, stack: str) -> None:
    text = json.dumps(deployment.template(stack))
    assert not re.search(
        r"AKIA[0-9A-Z]{16}|MasterUserPassword|BEGIN [A-Z ]*PRIVATE KEY|resolve:secretsmanager", text
    )


@pytest.mark.parametrize("stack", STACKS)
def test_no_stack_needs_a_custom_resource_or_an_account(deployment: Deployment, stack: str) -> None:
    kinds = {resource["Type"] for resource in deployment.template(stack)["Resources"].values()}
    assert not [
        kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))
    ]
    manifest = json.loads((deployment.folder / "manifest.json").read_text())
    assert (
        manifest["artifacts"][f"goodreads-{stack}"]["environment"] == "aws://unknown-account/unknown-region"
    )
    assert "missing" not in manifest


def test_every_stack_is_tagged_with_the_deployment(changed: Deployment) -> None:
    artifacts = json.loads((changed.folder / "manifest.json").read_text())["artifacts"]
    tags = {
        name: artifacts[name]["properties"]["tags"]
        for name in artifacts
        if name.startswith("books-2-") and not name.endswith(".assets")
    }
    assert tags == {f"books-2-{stack}": {"project": "books-2"} for stack in STACKS}


def test_the_schedule_follows_the_settings(deployment: Deployment, changed: Deployment) -> None:
    rule = schedule_of(deployment)
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(10 minutes)", "ENABLED")
    assert schedule_of(changed)["State"] == "DISABLED"


def test_nothing_names_a_machine_or_a_path(deployment: Deployment) -> None:
    root = str(ROOT)
    assert not [path.name for path in deployment.template_files if root in path.read_text()]
