"""What CloudFormation would refuse when a deployment is changed: each known trap is looked for in the templates.

The local cloud refuses the same traps, but only those that a deployment steps into.
"""

from typing import Any

import pytest

from local_cloud.cloudformation import replacement
from local_cloud.cloudformation.replacement import create_only, custom_name, references
from stacks.settings.settings import Settings
from tests.stacks.deployments import TUNED, Deployment, shared

STACKS = ["storage", "network", "warehouse", "compute", "pipeline", "monitoring"]
OTHERS: dict[str, Any] = {
    "schedule_enabled": False,
    "schedule_minutes": 15,
    "alarm_email": "data@example.org",
    "capture_principal_arn": "arn:aws:iam::123456789012:user/capture",
    "emr_release": "emr-7.12.0",
    "emr_instance_type": "m5.2xlarge",
    "allow_retired_node_types": True,
    "availability_zones": "us-east-1c,us-east-1d",
    "powertools_layer": "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python314-arm64:7",
}
"""Values for the settings that TUNED leaves as they are."""

Key = tuple[str, str]
"""A stack, and a logical id in its template."""

FIXED: dict[str, set[Key]] = {
    "redshift_database": {("warehouse", "Cluster")},
    "redshift_admin_user": {("warehouse", "Cluster")},
    "availability_zones": {
        ("network", "VpcisolatedSubnet1SubnetE62B1B9B"),
        ("network", "VpcisolatedSubnet2Subnet39217055"),
    },
}
"""What cannot be changed by these settings: their descriptions say so, and CloudFormation refuses before it changes anything."""


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return shared(tmp_path_factory, **OTHERS)


@pytest.fixture(params=["tuned", "others"])
def second(request: pytest.FixtureRequest) -> Deployment:
    """The deployment with other settings; every setting but the name is changed in one of the two."""
    deployment: Deployment = request.getfixturevalue(request.param)
    return deployment


def test_every_setting_is_changed_by_one_of_the_second_deployments() -> None:
    assert {*TUNED, *OTHERS, "name"} >= set(Settings.model_fields)


def test_a_setting_that_cannot_be_changed_says_so() -> None:
    for name in FIXED:
        assert "cannot be changed" in str(Settings.model_fields[name].description), name


def test_no_resource_with_a_name_of_its_own_has_to_be_replaced(
    deployment: Deployment, second: Deployment
) -> None:
    assert named(deployment) & replaced(deployment, second) <= fixed()


def test_no_name_goes_from_one_resource_to_another(deployment: Deployment, second: Deployment) -> None:
    before, after = names_of(deployment), names_of(second)
    moved = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    assert moved == set()


def test_what_another_stack_imports_is_neither_replaced_nor_taken_away(
    deployment: Deployment, second: Deployment
) -> None:
    exported, then = exports(deployment), exports(second)
    assert exported.keys() == then.keys()
    assert set(exported.values()) & replaced(deployment, second) <= fixed()


def test_no_stack_imports_what_comes_and_goes_with_the_code(deployment: Deployment) -> None:
    kinds = {resources(deployment)[key]["Type"] for key in exports(deployment).values()}
    assert not kinds & {
        "AWS::Lambda::Function",
        "AWS::Events::Rule",
        "AWS::EMR::Cluster",
        "AWS::Logs::LogGroup",
    }


def test_what_is_retained_does_not_block_the_next_try_of_a_first_deployment(deployment: Deployment) -> None:
    policies = {resource.get("DeletionPolicy") for resource in resources(deployment).values()}
    assert "Retain" not in policies
    assert "RetainExceptOnCreate" in policies


def test_a_cluster_that_has_died_is_made_anew_by_another_generation(
    deployment: Deployment, tuned: Deployment
) -> None:
    (before,), (after,) = (each.properties("compute", "EMR::Cluster") for each in (deployment, tuned))
    assert TUNED["emr_generation"] != Settings().emr_generation
    assert before["Name"] != after["Name"]
    assert "/properties/Name" in create_only("AWS::EMR::Cluster")


def fixed() -> set[Key]:
    return set().union(*FIXED.values())


def resources(deployment: Deployment) -> dict[Key, dict[str, Any]]:
    return {
        (stack, name): resource
        for stack in STACKS
        for name, resource in deployment.template(stack)["Resources"].items()
    }


def named(deployment: Deployment) -> set[Key]:
    return {key for key, resource in resources(deployment).items() if custom_name(resource)}


def names_of(deployment: Deployment) -> dict[str, Key]:
    return {name: key for key, resource in resources(deployment).items() if (name := custom_name(resource))}


def exports(deployment: Deployment) -> dict[str, Key]:
    """The resource behind each export of a stack."""
    return {
        output["Export"]["Name"]: (stack, next(iter(references(output["Value"]))))
        for stack in STACKS
        for output in deployment.template(stack).get("Outputs", {}).values()
        if "Export" in output
    }


def replaced(before: Deployment, after: Deployment) -> set[Key]:
    return {
        (stack, name)
        for stack in STACKS
        for name in replacement.replaced(
            before.template(stack)["Resources"], after.template(stack)["Resources"]
        )
    }
