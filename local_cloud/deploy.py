"""Applies the synthesized templates to the endpoint, in this process.

`cdk bootstrap` and `cdk deploy` work against the endpoint as well; this is the short way for `run`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import boto3

from local_cloud.errors import LocalCloudError
from stacks.compute.library_archive import ARCHIVE_KEY, REQUIREMENTS

_BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"  # where `cdk bootstrap` leaves its version
_VERSION_OF_TODAY = "30"
PROJECT = Path(__file__).resolve().parents[1]

# No node starts here, and what the Spark job imports is installed already: 100 MB that need neither be downloaded nor
# published. Their list stands in for them.
_STAND_IN = {ARCHIVE_KEY: str(REQUIREMENTS)}


def synthesize(assembly: Path, overrides: Mapping[str, str]) -> None:
    """Run app.py with the context of cdk.json and `overrides`, as the CDK CLI would; LocalCloudError if it fails."""
    configured = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))["context"]
    context = {**configured, **_STAND_IN, **overrides}
    shutil.rmtree(assembly, ignore_errors=True)
    environment = {**os.environ, "CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(assembly)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"  # the pinned Node
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LocalCloudError(f"cdk synth failed:\n{done.stderr.strip() or done.stdout.strip()}")


def apply(assembly: Path, account: str, region: str) -> None:
    """Publish the assets and create the stacks, each after those it depends on."""
    boto3.client("ssm").put_parameter(
        Name=_BOOTSTRAP_VERSION, Value=_VERSION_OF_TODAY, Type="String", Overwrite=True
    )
    manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    cloudformation = boto3.client("cloudformation")
    for name in _in_order(manifest):
        _publish_assets(assembly, name, account, region)
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


def _publish_assets(assembly: Path, stack: str, account: str, region: str) -> None:
    s3 = boto3.client("s3")
    files = json.loads((assembly / f"{stack}.assets.json").read_text(encoding="utf-8"))["files"]
    for asset in files.values():
        source = assembly / asset["source"]["path"]
        if asset["source"]["packaging"] == "zip":
            source = Path(shutil.make_archive(str(source), "zip", source))
        for destination in asset["destinations"].values():
            bucket = (
                destination["bucketName"]
                .replace("${AWS::AccountId}", account)
                .replace("${AWS::Region}", region)
            )
            if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
                s3.create_bucket(Bucket=bucket)
            s3.upload_file(str(source), bucket, destination["objectKey"])
