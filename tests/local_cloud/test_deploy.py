"""Assets are published and stacks created, in the order of their dependencies."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from local_cloud import deploy
from tests.local_cloud.conftest import Endpoint

STACK, OTHER = "aws:cloudformation:stack", "cdk:asset-manifest"


def artifact(kind: str, *dependencies: str) -> dict[str, Any]:
    return {"type": kind, "dependencies": list(dependencies)}


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """Artifacts that depend only on those before them, under names that say nothing about the order."""
    names = draw(st.permutations([f"artifact-{number}" for number in range(draw(st.integers(0, 10)))]))
    return {
        name: artifact(
            draw(st.sampled_from([STACK, OTHER])),
            *(draw(st.lists(st.sampled_from(names[:number]), unique=True)) if number else []),
        )
        for number, name in enumerate(names)
    }


def needed_by(manifest: dict[str, Any], name: str) -> set[str]:
    direct = set(manifest[name]["dependencies"])
    return direct.union(*(needed_by(manifest, each) for each in direct))


@pytest.mark.slow
@given(manifests())
def test_every_stack_comes_once_and_after_all_that_it_needs(manifest: dict[str, Any]) -> None:
    order = list(deploy._in_order(manifest))  # noqa: SLF001
    stacks = {name for name, found in manifest.items() if found["type"] == STACK}
    assert sorted(order) == sorted(stacks)
    for position, name in enumerate(order):
        assert needed_by(manifest, name) & stacks <= set(order[:position])


@pytest.mark.usefixtures("endpoint")
def test_a_stack_whose_creation_gets_no_answer_is_not_created_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_assembly(tmp_path)
    requests: list[AWSPreparedRequest] = []

    def lose_the_answer(request: AWSPreparedRequest, **_: Any) -> None:
        requests.append(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    session = boto3.Session()
    session.events.register("before-send.cloudformation.CreateStack", lose_the_answer)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    with pytest.raises(ReadTimeoutError):
        deploy.apply(tmp_path, "123456789012", "us-east-1")
    assert len(requests) == 1


def test_a_stack_is_deployed_with_its_assets_after_the_stack_it_imports_from(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    write_assembly(tmp_path)
    synthesized = set(tmp_path.rglob("*"))
    deploy.apply(tmp_path, "123456789012", "us-east-1")
    assert set(tmp_path.rglob("*")) == synthesized, "the next run would take the assembly for a damaged one"
    stacks = boto3.client("cloudformation").describe_stacks()["Stacks"]
    assert {stack["StackName"]: stack["StackStatus"] for stack in stacks} == {
        "goodreads-storage": "CREATE_COMPLETE",
        "app": "CREATE_COMPLETE",
    }
    (imported,) = next(stack["Outputs"] for stack in stacks if stack["StackName"] == "app")
    assert imported["OutputValue"] == "of-storage"
    published = endpoint.state.buckets / "assets-123456789012-us-east-1"
    assert (published / "plain.json").read_text() == "{}"
    with zipfile.ZipFile(BytesIO((published / "hash.zip").read_bytes())) as code:
        assert code.read("lambdas/handler.py") == b"def handler(): ..."


def test_an_asset_that_is_published_is_not_published_again_and_a_new_one_is(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    write_assembly(tmp_path)
    published = endpoint.state.buckets / "assets-1-us-east-1"
    published.mkdir()
    (published / "hash.zip").write_text("by an earlier run")
    deploy._publish_assets(tmp_path, "app", "1", "us-east-1", tmp_path)  # noqa: SLF001
    assert (published / "hash.zip").read_text() == "by an earlier run"
    assert (published / "plain.json").read_text() == "{}"


def test_the_version_of_the_bootstrap_can_be_asked_for_after_deploying(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    (tmp_path / "manifest.json").write_text('{"artifacts": {}}')
    for _ in range(2):
        deploy.apply(tmp_path, "123456789012", "us-east-1")
    ssm = boto3.client("ssm", endpoint_url=endpoint.addresses.url)
    assert int(ssm.get_parameter(Name="/cdk-bootstrap/hnb659fds/version")["Parameter"]["Value"]) >= 6


def write_assembly(folder: Path) -> None:
    """Two stacks: the first by name needs the other, and has a zipped and a plain asset."""
    code = folder / "asset.hash" / "lambdas"
    code.mkdir(parents=True)
    (code / "handler.py").write_text("def handler(): ...")
    (folder / "plain").write_text("{}")
    manifest = {
        "app": artifact(STACK, "app.assets", "storage") | {"properties": {"templateFile": "app.json"}},
        "app.assets": artifact(OTHER),
        "storage": artifact(STACK)
        | {"properties": {"templateFile": "storage.json", "stackName": "goodreads-storage"}},
    }
    templates = {
        "app": {"Resources": {}, "Outputs": {"Of": {"Value": {"Fn::ImportValue": "zone"}}}},
        "storage": {
            "Resources": {},
            "Outputs": {"Of": {"Value": "of-storage", "Export": {"Name": "zone"}}},
        },
    }
    assets = {
        "app": [("asset.hash", "zip", "hash.zip"), ("plain", "file", "plain.json")],
        "storage": [],
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": manifest}))
    for name, template in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(template))
        files = {
            key: {
                "source": {"path": path, "packaging": packaging},
                "destinations": {
                    "d": {"bucketName": "assets-${AWS::AccountId}-${AWS::Region}", "objectKey": key}
                },
            }
            for path, packaging, key in assets[name]
        }
        (folder / f"{name}.assets.json").write_text(json.dumps({"files": files}))
