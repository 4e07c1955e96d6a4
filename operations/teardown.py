"""`pipeline teardown`: deletes a deployment, stack by stack, and says what it keeps and what that costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import boto3
import humanize
import typer
from rich.table import Column, Table

from contract.keys import bucket_name
from local_cloud.state import StateFolder
from operations.errors import OperationError
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.terminal import console, told

_STACKS = ("monitoring", "pipeline", "compute", "warehouse", "network", "storage")
"""Each before those that it depends on."""

_KEPT = {
    "landing": "files that no run has published",
    "working": "the archive of published files",
    "quarantine": "rejected rows",
    "logs": "access, audit and cluster logs",
}
_GB = 1e9
_DOLLARS_A_GB = {"bucket": 0.023, "snapshot": 0.024}
"""A month, in us-east-1: S3 Standard (https://aws.amazon.com/s3/pricing/), and snapshots of Redshift
(https://aws.amazon.com/redshift/pricing/, backup storage)."""


@dataclass(frozen=True)
class Kept:
    """Something that stays after the teardown."""

    kind: str
    name: str
    holds: str
    size: int
    """Bytes, without older versions of objects."""

    @property
    def dollars(self) -> float:
        """What it costs a month, by list prices."""
        return self.size / _GB * _DOLLARS_A_GB[self.kind]


def teardown(
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a deployment; files, logs and a snapshot of the warehouse stay, and their cost is told."""
    with told(farewell="[bold]interrupted[/]: call teardown again, it goes on with the stacks that are left"):
        if not aws:
            _adopt(StateFolder(state))
        stacks = _existing(name)
        _refuse_while_running(name)
        console.print(
            f"to be deleted, in this order: {', '.join(stacks)}, and what is in {_bucket(name, 'processed')}"
        )
        console.print(_table(list(_kept(name))))
        if not yes:
            typer.confirm("Delete the deployment?", abort=True)
        for stack in stacks:
            if stack.endswith("-storage"):
                _empty(_bucket(name, "processed"))
            _delete(stack)
            console.print(f"deleted {stack}")
        console.print(
            "Keys of KMS are gone 7 to 30 days after they were deleted, and cost nothing until then. To deploy under the same "
            "name, delete the kept buckets or take them back in: docs/runbook.md, Tearing down"
        )


def _adopt(folder: StateFolder) -> None:
    running = folder.running()
    if not running:
        raise OperationError(
            f"no endpoint serves {folder.root}, so nothing is deployed there; `make clean` deletes its data"
        )
    running.addresses.adopt()


def _existing(name: str) -> list[str]:
    pages = boto3.client("cloudformation").get_paginator("describe_stacks").paginate()
    found = {stack["StackName"] for page in pages for stack in page["Stacks"]}
    stacks = [stack for each in _STACKS if (stack := f"{name}-{each}") in found]
    if not stacks:
        raise OperationError(f"there is no deployment called {name}: give its name with --name")
    return stacks


def _refuse_while_running(name: str) -> None:
    client = boto3.client("stepfunctions")
    for page in client.get_paginator("list_state_machines").paginate():
        for machine in page["stateMachines"]:
            arn = machine["stateMachineArn"]
            if machine["name"] != name:
                continue
            if found := client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
                raise OperationError(
                    f"{found[0]['name']} is running: wait for its end, or stop it (aws stepfunctions stop-execution "
                    f"--execution-arn {found[0]['executionArn']}), and call teardown again"
                )


def _kept(name: str) -> Iterator[Kept]:
    s3 = boto3.client("s3")
    existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for zone, holds in _KEPT.items():
        bucket = _bucket(name, zone)
        if bucket in existing:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            size = sum(found["Size"] for page in pages for found in page.get("Contents", []))
            yield Kept("bucket", bucket, holds, size)
    redshift: Any = boto3.client("redshift")
    for page in redshift.get_paginator("describe_clusters").paginate():
        for cluster in page["Clusters"]:
            if cluster["ClusterIdentifier"] == name:
                size = cluster.get("TotalStorageCapacityInMegaBytes", 0) * 1024**2
                yield Kept("snapshot", f"final snapshot of {name}", "the warehouse; at most", size)


def _table(kept: Sequence[Kept]) -> Table:
    table = Table(Column("kept", no_wrap=True), "what it holds", "size", "dollars a month")
    for each in kept:
        size = humanize.naturalsize(each.size)
        table.add_row(each.name, each.holds, size, f"{each.dollars:.2f}")
    table.add_row("in all", "", "", f"{sum(each.dollars for each in kept):.2f}")
    return table


def _empty(bucket: str) -> None:
    """One by one: the local cloud knows no other way, and a bucket that follows from another one holds few days."""
    s3 = boto3.client("s3")
    if bucket in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for found in page.get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=found["Key"])


def _delete(stack: str) -> None:
    client = boto3.client("cloudformation")
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    client.delete_stack(StackName=found["StackId"])
    # ten seconds between two looks on AWS, where a cluster takes minutes
    client.get_waiter("stack_delete_complete").wait(
        StackName=found["StackId"], WaiterConfig={"Delay": 10, "MaxAttempts": 360}
    )


def _bucket(name: str, zone: str) -> str:
    account = boto3.client("sts").get_caller_identity()["Account"]
    return bucket_name(name, zone, account, boto3.Session().region_name or "")
