"""Accepts security findings of cdk-nag with a reason, beside the resource that has them."""

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

_GRANTED_ACTIONS = ("s3:GetObject*", "s3:GetBucket*", "s3:List*", "s3:DeleteObject*", "s3:Abort*")


def accept(construct: IConstruct, *findings: str, reason: str) -> None:
    """Records that these cdk-nag findings on `construct` and below it are accepted, and why.

    A finding has the name that the synthesis prints, without the part before `::`: `AwsSolutions-IAM5[Resource::*]`.
    """
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=finding, reason=reason) for finding in findings)
    )


def accept_bucket_grants(construct: IConstruct, *buckets: s3.Bucket, keys: str = "*") -> None:
    """Accepts the grants of `bucket.grant_*(construct)` on a bucket of another stack: only objects of that bucket.

    `keys` is the granted pattern of object keys.
    """
    accept(
        construct,
        *(f"AwsSolutions-IAM5[Action::{action}]" for action in _GRANTED_ACTIONS),
        *(f"AwsSolutions-IAM5[Resource::{_export_name(bucket)}/{keys}]" for bucket in buckets),
        reason="The grant of aws-s3: read, write or delete, each as a group of actions, on the objects of one bucket.",
    )


def accept_asset_grants(construct: IConstruct) -> None:
    """Accepts the grants of `asset.grant_read(construct)`."""
    accept(
        construct,
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*]",
        reason="The CDK grants assets by bucket; the bucket holds deployed code and templates, no data.",
    )


def _export_name(bucket: s3.Bucket) -> str:
    """The export's name of the bucket's ARN; cdk-nag names a bucket of another stack by its export."""
    stack = Stack.of(bucket)
    imported: dict[str, str] = stack.resolve(stack.export_value(bucket.bucket_arn))
    return imported["Fn::ImportValue"]
