"""Applies the synthesized templates to the endpoint, in this process.

`cdk bootstrap` and `cdk deploy` work against the endpoint as well; `run` takes this shorter way.
"""

import json
import shutil
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
from botocore.config import Config

from local_cloud.errors import LocalCloudError

_BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"  # `cdk bootstrap` writes its version here
_VERSION_OF_TODAY = "30"
# Here CreateStack answers when the stack is complete, and after botocore's minute of patience a second try finds the stack there
_UNTIL_COMPLETE = Config(read_timeout=600, retries={"total_max_attempts": 1})


def apply(assembly: Path, account: str, region: str) -> None:
    """Publish the assets and create the stacks; a stack comes after the stacks that it depends on."""
    boto3.client("ssm").put_parameter(
        Name=_BOOTSTRAP_VERSION, Value=_VERSION_OF_TODAY, Type="String", Overwrite=True
    )
    manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    cloudformation = boto3.client("cloudformation", config=_UNTIL_COMPLETE)
    for name in _in_order(manifest):
        with TemporaryDirectory() as archives:
            _publish_assets(assembly, name, account, region, Path(archives))
        template = assembly / manifest[name]["properties"]["templateFile"]
        stack = manifest[name]["properties"].get("stackName", name)
        cloudformation.create_stack(
            StackName=stack,
            TemplateBody=template.read_text(encoding="utf-8"),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        if status["StackStatus"] != "CREATE_COMPLETE":
            raise LocalCloudError(
                f"{stack} ended as {status['StackStatus']}: {status.get('StackStatusReason')}"
            )


def _in_order(artifacts: Mapping[str, Any]) -> list[str]:
    needs = {name: artifact.get("dependencies", []) for name, artifact in sorted(artifacts.items())}
    return [
        name
        for name in TopologicalSorter(needs).static_order()
        if artifacts[name]["type"] == "aws:cloudformation:stack"
    ]


def _publish_assets(assembly: Path, stack: str, account: str, region: str, archives: Path) -> None:
    """A key has the digest of the asset's content, so what an earlier run has published is not packed again, as `cdk deploy` does it."""
    s3 = boto3.client("s3")
    files = json.loads((assembly / f"{stack}.assets.json").read_text(encoding="utf-8"))["files"]
    for asset in files.values():
        for destination in asset["destinations"].values():
            bucket = (
                destination["bucketName"]
                .replace("${AWS::AccountId}", account)
                .replace("${AWS::Region}", region)
            )
            key = destination["objectKey"]
            if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
                s3.create_bucket(Bucket=bucket)
            found = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
            if key not in {each["Key"] for each in found}:
                s3.upload_file(str(_packed(asset["source"], assembly, archives)), bucket, key)


def _packed(source: Mapping[str, Any], assembly: Path, archives: Path) -> Path:
    path = assembly / str(source["path"])
    if source["packaging"] == "zip":
        return Path(shutil.make_archive(str(archives / path.name), "zip", path))
    return path
