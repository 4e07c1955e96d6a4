"""`pipeline teardown`: deletes a deployment, stack by stack, and says what it keeps and what that costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import boto3
import humanize
import typer
from botocore.exceptions import ClientError
from rich.table import Column, Table

from contract.keys import bucket_name
from lambdas.shared.zone import in_parallel
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
    "reports": "the documents and pages of runs",
    "logs": "access, audit and cluster logs",
}
_GB = 1e9
_THREADS = 8
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
    with_data: Annotated[
        bool,
        typer.Option(
            "--with-data", help="Delete what would be kept, too: every file, the logs and the snapshots."
        ),
    ] = False,
) -> None:
    """Delete a deployment; files, logs and a snapshot of the warehouse stay, and their cost is told."""
    with told(farewell="[bold]interrupted[/]: call teardown again, it goes on with the stacks that are left"):
        if not aws:
            _adopt(StateFolder(state))
        stacks, kept = existing_stacks(name), list(_kept(name))
        if not stacks and not (with_data and kept):
            raise OperationError(f"there is no deployment called {name}: give its name with --name")
        _refuse_while_running(name)
        emptied = "" if with_data else f", and what is in {_bucket(name, 'processed')}"
        console.print(f"to be deleted, in this order: {', '.join(stacks) or 'no stack'}{emptied}")
        console.print(_table(kept, "deleted as well" if with_data else "kept"))
        if not yes:
            console.confirm(
                "Delete the deployment and all its data?" if with_data else "Delete the deployment?"
            )
        tear_down(name, with_data=with_data)
        left = [] if with_data else [_document(each) for each in kept]
        console.answer({"deleted": stacks, "kept": left}, lambda: _tell_the_end(with_data=with_data))


def _document(kept: Kept) -> dict[str, Any]:
    size = {"bytes": kept.size, "dollars_a_month": round(kept.dollars, 2)}
    return {"kind": kept.kind, "name": kept.name, "holds": kept.holds, **size}


def _tell_the_end(*, with_data: bool) -> None:
    console.print(
        "Keys of KMS are gone 7 to 30 days after they were deleted, and cost nothing until then."
        + (
            ""
            if with_data
            else " To deploy under the same name, delete the kept buckets or take them back in: docs/runbook.md, Tearing down"
        )
    )


def tear_down(name: str, *, with_data: bool) -> None:
    """Delete the stacks that are left of a deployment, each before those that it depends on; with_data, what would stay as well."""
    for stack in existing_stacks(name):
        if stack.endswith("-storage"):
            _empty(_bucket(name, "processed"))
        _delete(stack)
        console.print(f"deleted {stack}")
    if with_data:
        for bucket in left_buckets(name):
            _empty(bucket)
            _delete_bucket(bucket)
            console.print(f"deleted {bucket}")
        _delete_snapshots(name)


def existing_stacks(name: str) -> list[str]:
    """The stacks of a deployment that exist, each before those that it depends on."""
    pages = boto3.client("cloudformation").get_paginator("describe_stacks").paginate()
    found = {stack["StackName"] for page in pages for stack in page["Stacks"]}
    return [stack for each in _STACKS if (stack := f"{name}-{each}") in found]


def left_buckets(name: str) -> list[str]:
    """The buckets of a deployment that exist; most of them outlive its stacks."""
    found = {bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]}
    return [bucket for zone in (*_KEPT, "processed") if (bucket := _bucket(name, zone)) in found]


def _adopt(folder: StateFolder) -> None:
    running = folder.running()
    if not running:
        raise OperationError(
            f"no endpoint serves {folder.root}, so nothing is deployed there; `make clean` deletes its data"
        )
    running.addresses.adopt()


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
    s3: Any = boto3.client("s3")
    existing = left_buckets(name)
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
    for snapshot in _snapshots(name):
        size = int(snapshot.get("TotalBackupSizeInMegaBytes", 0)) * 1024**2
        yield Kept("snapshot", snapshot["SnapshotIdentifier"], "an earlier warehouse", size)


def _snapshots(name: str) -> list[Any]:
    """Those that stay: a final snapshot counts as a manual one."""
    redshift: Any = boto3.client("redshift")
    pages = redshift.get_paginator("describe_cluster_snapshots").paginate(SnapshotType="manual")
    return [
        found for page in pages for found in page.get("Snapshots", []) if found["ClusterIdentifier"] == name
    ]


def _table(kept: Sequence[Kept], title: str) -> Table:
    table = Table(Column(title, no_wrap=True), "what it holds", "size", "dollars a month")
    for each in kept:
        size = humanize.naturalsize(each.size)
        table.add_row(each.name, each.holds, size, f"{each.dollars:.2f}")
    table.add_row("in all", "", "", f"{sum(each.dollars for each in kept):.2f}")
    return table


def _empty(bucket: str) -> None:
    """Every object, and every version of one; one by one: a request for many is XML, which cannot hold every key."""
    s3: Any = boto3.client("s3")
    if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
        return
    versioned = s3.get_bucket_versioning(Bucket=bucket).get("Status") is not None
    for page in s3.get_paginator("list_object_versions" if versioned else "list_objects_v2").paginate(
        Bucket=bucket
    ):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", []), *page.get("Contents", [])]
        in_parallel(lambda item: _delete_object(s3, bucket, item), found, _THREADS)


def _delete_object(s3: Any, bucket: str, item: Mapping[str, Any]) -> None:
    version = {"VersionId": item["VersionId"]} if "VersionId" in item else {}
    s3.delete_object(Bucket=bucket, Key=item["Key"], **version)


def _delete_bucket(bucket: str) -> None:
    s3 = boto3.client("s3")
    try:
        s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketNotEmpty":
            raise
        raise OperationError(
            f"{bucket} was written to while it was emptied (S3 delivers access logs up to some hours late): call teardown "
            "--with-data again"
        ) from None


def _delete_snapshots(name: str) -> None:
    redshift: Any = boto3.client("redshift")
    for snapshot in _snapshots(name):
        identifier = snapshot["SnapshotIdentifier"]
        redshift.delete_cluster_snapshot(SnapshotIdentifier=identifier)
        console.print(f"deleted the snapshot {identifier}")


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
