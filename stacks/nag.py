"""Accepts security findings of cdk-nag and of checkov with a reason, beside the resource that has them."""

from aws_cdk import Acknowledgment, CfnResource, Validations
from constructs import IConstruct


def accept(construct: IConstruct, *findings: str, reason: str) -> None:
    """Records that these cdk-nag findings on `construct` and below it are accepted, and why.

    A finding has the name that the synthesis prints, without the part before `::`: `AwsSolutions-IAM5[Resource::*]`.
    """
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=finding, reason=reason) for finding in findings)
    )


def accept_checkov(construct: IConstruct, finding: str, *, reason: str) -> None:
    """Records in the template that this finding of checkov on the construct's own resource is accepted, and why.

    https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
    """
    resource = construct.node.default_child
    if not isinstance(resource, CfnResource):
        raise TypeError(f"{construct.node.path} has no resource of its own: name the construct that has it")
    accepted = (resource.get_metadata("checkov") or {"skip": []})["skip"]
    resource.add_metadata("checkov", {"skip": [*accepted, {"id": finding, "comment": reason}]})
