"""Policies that a request puts on a role or a resource: refused if they are malformed, as those in templates are.

The errors are those of the API references (IAM: PutRolePolicy, CreateRole; KMS: PutKeyPolicy; SNS: SetTopicAttributes; SQS: SetQueueAttributes; S3: "Error
responses") and of EC2's "Error codes". The references have codes; the messages of services other than IAM are not told there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.iam.models import iam_backends
from moto.s3.exceptions import S3ClientError
from moto.s3.models import S3Backend

from local_cloud.account import ACCOUNT
from local_cloud.iam import malformed
from local_cloud.iam.malformed import Kind
from local_cloud.limits import Problem

Members = Mapping[str, Any]

_put_bucket_policy = S3Backend.put_bucket_policy


def exists(arn: str) -> bool:
    """Whether the account has a role or user with the ARN."""
    iam = iam_backends[ACCOUNT]["aws"]
    return any(one.arn == arn for ones in (iam.roles, iam.users) for one in ones.values())


def too_much_inline(role: Any, name: str, document: Mapping[str, Any]) -> str | None:
    """What IAM says if the role's inline policies would be too long together with this one of that name."""
    others = sum(len("".join(str(text).split())) for other, text in role.policies.items() if other != name)
    return malformed.too_much_inline(others + malformed.size(document))


def puts_policy(service: str, operation: str) -> bool:
    """Whether a request of this operation may have a policy, by boto3's names."""
    return (service, operation) in _MEMBERS


def malformed_in(service: str, operation: str, members: Members) -> Problem | None:
    """Why the service would not take the policy that a request puts; None if it would, or if there is none."""
    kind, member = _MEMBERS.get((service, operation), (None, ""))
    text = _text(members, member)
    if kind is None or text is None:
        return None
    errors, document = _ERRORS[service], _document(text)
    if document is None:
        return Problem(errors.malformed, "Syntax errors in policy: it is no JSON object")
    fault = next(malformed.faults(kind, document, exists), None)
    if fault is None and operation == "PutRolePolicy":
        fault = _too_much_with(document, members)
    if fault is None:
        return None
    if fault.startswith(malformed.TOO_LONG):
        return Problem(errors.too_long, fault, errors.too_long_status)
    return Problem(errors.malformed, fault)


def _too_much_with(document: Mapping[str, Any], members: Members) -> str | None:
    roles = [one for one in iam_backends[ACCOUNT]["aws"].roles.values() if one.name == members["RoleName"]]
    return too_much_inline(roles[0], members["PolicyName"], document) if roles else None


def install() -> None:
    """Let moto's S3 refuse malformed policies of buckets; its requests have a way in of their own."""

    def put_bucket_policy(self: Any, bucket_name: str, policy: bytes) -> None:
        document = _document(policy)
        if document is None:
            message = "Policies must be valid JSON and the first byte must be '{'"
            raise S3ClientError("MalformedPolicy", message)
        if fault := next(malformed.faults(malformed.BUCKET, document, exists), None):
            raise S3ClientError("MalformedPolicy", fault)
        _put_bucket_policy(self, bucket_name, policy)

    S3Backend.put_bucket_policy = put_bucket_policy


def _text(members: Members, path: str) -> str | None:
    """The policy in a member; that of SNS and SQS is one attribute among others, alone or in a map."""
    found = members.get(path)
    if path == "AttributeValue":
        return found if members.get("AttributeName") == "Policy" else None
    return found.get("Policy") if isinstance(found, Mapping) else found


def _document(text: str | bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@dataclass(frozen=True)
class _Errors:
    """A service's codes for a policy that is malformed and for one that is too long."""

    malformed: str
    too_long: str
    too_long_status: int = 400


_ERRORS: Mapping[str, _Errors] = {
    "ec2": _Errors("InvalidPolicyDocument", "InvalidPolicyDocument"),
    "iam": _Errors("MalformedPolicyDocument", "LimitExceeded", 409),
    "kms": _Errors("MalformedPolicyDocumentException", "LimitExceededException"),
    "sns": _Errors("InvalidParameter", "InvalidParameter"),
    "sqs": _Errors("InvalidAttributeValue", "InvalidAttributeValue"),
}

_MEMBERS: Mapping[tuple[str, str], tuple[Kind, str]] = {
    ("ec2", "CreateVpcEndpoint"): (malformed.ENDPOINT, "PolicyDocument"),
    ("ec2", "ModifyVpcEndpoint"): (malformed.ENDPOINT, "PolicyDocument"),
    ("iam", "CreatePolicy"): (malformed.MANAGED, "PolicyDocument"),
    ("iam", "CreatePolicyVersion"): (malformed.MANAGED, "PolicyDocument"),
    ("iam", "CreateRole"): (malformed.TRUST, "AssumeRolePolicyDocument"),
    ("iam", "PutRolePolicy"): (malformed.INLINE, "PolicyDocument"),
    ("iam", "UpdateAssumeRolePolicy"): (malformed.TRUST, "PolicyDocument"),
    ("kms", "CreateKey"): (malformed.KEY, "Policy"),
    ("kms", "PutKeyPolicy"): (malformed.KEY, "Policy"),
    ("sns", "CreateTopic"): (malformed.TOPIC, "Attributes"),
    ("sns", "SetTopicAttributes"): (malformed.TOPIC, "AttributeValue"),
    ("sqs", "CreateQueue"): (malformed.QUEUE, "Attributes"),
    ("sqs", "SetQueueAttributes"): (malformed.QUEUE, "Attributes"),
}
"""The kind of policy that an operation puts, and the member that has it."""
