"""What a role may do with the objects of a bucket: each right by its name.

The grants of `aws_s3.Bucket` are patterns like `s3:GetObject*` and `s3:List*`; they also give what nothing here uses, such as
ACLs, legal holds and other versions of an object. The rights of each request are on the page "Required permissions for
Amazon S3 API operations" of the S3 User Guide.
"""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets

from contract.keys import ALL_RUNS
from stacks.nag import accept

Grantee = iam.Role | lambda_.Function

OF_RUNS = f"{ALL_RUNS}*"
"""The keys of what runs write."""


def grant_read(grantee: Grantee, bucket: s3.Bucket, keys: str) -> None:
    """List the bucket and read its objects. To who may not list it, S3 says of a missing object that it is forbidden."""
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["s3:ListBucket"], resource_arns=[bucket.bucket_arn]
    ).assert_success()
    _grant(grantee, bucket, keys, "s3:GetObject")
    _grant_key(grantee, bucket, "kms:Decrypt")


def grant_write(grantee: Grantee, bucket: s3.Bucket, keys: str) -> None:
    """Write objects, in one request or in parts, and give up the parts."""
    _grant(grantee, bucket, keys, "s3:PutObject", "s3:AbortMultipartUpload")
    _grant_key(grantee, bucket, "kms:GenerateDataKey", "kms:Decrypt")  # the parts of an upload are decrypted


def grant_uploads(grantee: Grantee, bucket: s3.Bucket, keys: str) -> None:
    """See the uploads in parts that were begun, as S3A does when it writes (Hadoop, "S3A Committers": what a role needs)."""
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["s3:ListBucketMultipartUploads"], resource_arns=[bucket.bucket_arn]
    ).assert_success()
    _grant(grantee, bucket, keys, "s3:ListMultipartUploadParts")


def grant_tags(
    grantee: Grantee, *, of: Sequence[tuple[s3.Bucket, str]], to: Sequence[tuple[s3.Bucket, str]]
) -> None:
    """Read and write tags: S3 copies an object that has tags only for somebody who may copy the tags."""
    for bucket, keys in of:
        _grant(grantee, bucket, keys, "s3:GetObjectTagging")
    for bucket, keys in to:
        _grant(grantee, bucket, keys, "s3:PutObjectTagging")


def grant_delete(grantee: Grantee, bucket: s3.Bucket, keys: str) -> None:
    """Delete objects."""
    _grant(grantee, bucket, keys, "s3:DeleteObject")


def grant_asset(grantee: Grantee, *assets: s3_assets.Asset) -> None:
    """Read these files of the CDK's bucket, which holds the code and the templates of every application of the account."""
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=["s3:GetObject"],
        resource_arns=[asset.bucket.arn_for_objects(asset.s3_object_key) for asset in assets],
    ).assert_success()


def _grant(grantee: Grantee, bucket: s3.Bucket, keys: str, *actions: str) -> None:
    iam.Grant.add_to_principal(
        grantee=grantee, actions=list(actions), resource_arns=[bucket.arn_for_objects(keys)]
    ).assert_success()
    accept(
        grantee,
        f"AwsSolutions-IAM5[Resource::{_arn_name(grantee, bucket)}/{keys}]",
        reason="The objects of one bucket: their keys have the names of runs and of landed files.",
    )


def _grant_key(grantee: Grantee, bucket: s3.Bucket, *actions: str) -> None:
    """S3 calls KMS in the name of who reads or writes: that takes a right on the key, and no route to KMS."""
    if not bucket.encryption_key:
        return
    region = Stack.of(grantee).region
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=list(actions),
        resource_arns=[bucket.encryption_key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
    ).assert_success()


def _arn_name(grantee: Grantee, bucket: s3.Bucket) -> str:
    """The bucket's ARN as cdk-nag names it: by its attribute, or in another stack by the export."""
    stack = Stack.of(bucket)
    if Stack.of(grantee) is stack:
        return f"<{stack.get_logical_id(cast('s3.CfnBucket', bucket.node.default_child))}.Arn>"
    imported: dict[str, str] = stack.resolve(stack.export_value(bucket.bucket_arn))
    return imported["Fn::ImportValue"]
