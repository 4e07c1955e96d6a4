"""What IAM and the owners of resources refuse of a policy document when it is put, whatever it would allow.

IAM User Guide: "IAM JSON policy elements" (which elements each kind of policy has), "Troubleshoot IAM policies" (principals that do not exist), "IAM and
AWS STS quotas"; the sizes of resource policies are those of "Policies and permissions in Amazon S3", of the SNS, SQS and KMS Developer Guides and of the VPC quotas.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local_cloud.account import ACCOUNT
from local_cloud.iam.matching import PolicyError, action
from local_cloud.iam.policies import listed

_ELEMENTS = frozenset(
    (
        "Action",
        "Condition",
        "Effect",
        "NotAction",
        "NotPrincipal",
        "NotResource",
        "Principal",
        "Resource",
        "Sid",
    )
)
TOO_LONG = "Maximum policy size"
"""How a fault begins that is only the length of the policy."""

_VERSIONS = ("2012-10-17", "2008-10-17", None)
_ANOTHER_ACCOUNT_OR_ROOT = re.compile(r"\d{12}|arn:aws:iam::\d{12}:root")
_NAMED = re.compile(r"arn:aws:(iam|sts)::(?P<account>\d{12}):(role|user|assumed-role)/(?P<name>[^*?]+)")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com")

Exists = Callable[[str], bool]
"""Whether the account has a role or user with an ARN."""


@dataclass(frozen=True)
class Kind:
    """A kind of policy: whether its statements name a principal and a resource, and how many characters it may have."""

    principal: bool
    resource: bool
    most: int


INLINE = Kind(principal=False, resource=True, most=10_240)
"""Of one role: all inline policies together."""
MANAGED = Kind(principal=False, resource=True, most=6_144)
TRUST = Kind(principal=True, resource=False, most=2_048)
BUCKET = Kind(principal=True, resource=True, most=20 * 1024)
TOPIC = Kind(principal=True, resource=True, most=30 * 1024)
QUEUE = Kind(principal=True, resource=True, most=8 * 1024)
KEY = Kind(principal=True, resource=True, most=32 * 1024)
ENDPOINT = Kind(principal=True, resource=True, most=20_480)


def faults(kind: Kind, document: Mapping[str, Any], exists: Exists) -> Iterator[str]:
    """What is wrong with the document, in AWS's words where they are known."""
    if document.get("Version") not in _VERSIONS:
        yield f"The policy must contain a valid version string, not {document['Version']}"
    statements = listed(document.get("Statement", []))
    if not statements:
        yield "Syntax errors in policy: it has no statement"
    if not all(isinstance(one, Mapping) for one in statements):
        yield "Syntax errors in policy: a statement is no JSON object"
        return
    names = Counter(one["Sid"] for one in statements if "Sid" in one)
    if repeated := [name for name, count in names.items() if count > 1]:
        yield f"Statement IDs (SID) in a single policy must be unique: {', '.join(repeated)}"
    for one in statements:
        yield from _faults(kind, one, exists)
    if size(document) > kind.most:
        yield f"{TOO_LONG} of {kind.most} characters exceeded: it has {size(document)}"


def too_much_inline(characters: int) -> str | None:
    """What is wrong with inline policies of a role that have so many characters together."""
    if characters <= INLINE.most:
        return None
    return (
        f"{TOO_LONG} of {INLINE.most} characters exceeded: the inline policies of the role have {characters}"
    )


def size(document: Mapping[str, Any]) -> int:
    """Characters as IAM counts them: without white space between the elements."""
    return len(json.dumps(document, separators=(",", ":")))


def _faults(kind: Kind, one: Mapping[str, Any], exists: Exists) -> Iterator[str]:
    for element, wanted in (("Principal", kind.principal), ("Resource", kind.resource)):
        there = element in one or f"Not{element}" in one
        if wanted and not there:
            yield f"Missing required field {element}"
        if there and not wanted:
            yield f"Has prohibited field {element}"
    if one.get("Effect") not in ("Allow", "Deny"):
        yield f"Syntax errors in policy: the effect is {one.get('Effect')!r}, expected Allow or Deny"
    if unknown := one.keys() - _ELEMENTS:
        yield f"Syntax errors in policy: {', '.join(sorted(unknown))} is no element of a statement"
    if "Action" not in one and "NotAction" not in one:
        yield "Policy statement must contain actions."
    for pattern in listed(one.get("Action", one.get("NotAction", []))):
        try:
            action(pattern)
        except PolicyError as error:
            yield str(error)
    if isinstance(principal := one.get("Principal", {}), Mapping):
        yield from _nobodies(principal, exists)


def _nobodies(principal: Mapping[str, Any], exists: Exists) -> Iterator[str]:
    for name in listed(principal.get("Service", [])):
        if not _SERVICE.fullmatch(name):
            yield f'Invalid principal in policy: "SERVICE":"{name}"'
    for name in listed(principal.get("AWS", [])):
        if not _is_somebody(name, exists):
            yield f'Invalid principal in policy: "AWS":"{name}"'


def _is_somebody(name: str, exists: Exists) -> bool:
    if name == "*" or _ANOTHER_ACCOUNT_OR_ROOT.fullmatch(name):
        return True
    found = _NAMED.fullmatch(name)
    if not found:
        return False
    # who is in another account is not known here
    return found["account"] != ACCOUNT or ":sts:" in name or exists(name)
