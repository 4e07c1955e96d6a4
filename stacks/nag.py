"""Accepts security findings of cdk-nag with a reason, beside the resource that has them."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, *findings: str, reason: str) -> None:
    """Records that these cdk-nag findings on `construct` and below it are accepted, and why.

    A finding has the name that the synthesis prints, without the part before `::`: `AwsSolutions-IAM5[Resource::*]`.
    """
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=finding, reason=reason) for finding in findings)
    )
