"""Allowed or denied, and why: IAM User Guide, "Policy evaluation logic", for calls within one account.

An explicit Deny of any policy wins. Without one, the caller's own policies or the policy of the resource allow the call.
The policies of KMS keys and the trust policies of roles have to allow it themselves; a key's policy may leave the decision to
the account's policies. What comes through a VPC endpoint needs the endpoint's policy too. A service of AWS has no policies of
its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from local_cloud.iam.policies import Call, Caller, Policy

_IDENTITY = "identity-based"
_RESOURCE = "resource-based"
_ENDPOINT = "VPC endpoint"
_TRUST = "role trust"
_MUST_ALLOW = ("kms:", "sts:AssumeRole")


@dataclass(frozen=True)
class Policies:
    """The policies that decide about one call; `endpoint` is None for what does not come through a VPC endpoint."""

    identity: Sequence[Policy] = ()
    resource: Sequence[Policy] = ()
    endpoint: Sequence[Policy] | None = None


@dataclass(frozen=True)
class Decision:
    """`reason` is empty if the call is allowed; else it ends the message of AWS's errors."""

    caller: Caller
    call: Call
    reason: str = field(default="")

    @property
    def allowed(self) -> bool:
        """No policy stands in the way."""
        return not self.reason

    @property
    def message(self) -> str:
        """IAM User Guide, "Troubleshoot access denied error messages"."""
        resource = self.call.resource
        if self.call.action.startswith("s3:"):
            resource = f'"{resource}"'  # as S3 writes it
        return (
            f"User: {self.caller.arn} is not authorized to perform: {self.call.action} "
            f"on resource: {resource} {self.reason}"
        )


def decide(caller: Caller, call: Call, policies: Policies) -> Decision:
    """Judge one call."""
    resource_kind = _TRUST if call.action == "sts:AssumeRole" else _RESOURCE
    for kind, ones in (
        (_IDENTITY, policies.identity),
        (resource_kind, policies.resource),
        (_ENDPOINT, policies.endpoint or ()),
    ):
        if any(policy.denies(caller, call) for policy in ones):
            article = "a" if kind != _IDENTITY else "an"
            return Decision(caller, call, f"with an explicit deny in {article} {kind} policy")
    missing = _missing(caller, call, policies, resource_kind)
    if not missing and policies.endpoint is not None and not _any_allows(policies.endpoint, caller, call):
        missing = _ENDPOINT
    return Decision(
        caller, call, f"because no {missing} policy allows the {call.action} action" if missing else ""
    )


def _missing(caller: Caller, call: Call, policies: Policies, resource_kind: str) -> str:
    """The kind of policy that would have to allow the call; empty if one does."""
    by_resource = _any_allows(policies.resource, caller, call)
    if caller.service:
        return "" if by_resource else resource_kind
    by_identity = _any_allows(policies.identity, caller, call)
    if call.action.startswith(_MUST_ALLOW):
        delegated = any(policy.delegates(caller, call) for policy in policies.resource)
        if not (by_resource or delegated):
            return resource_kind
        return "" if by_resource or by_identity else _IDENTITY
    return "" if by_identity or by_resource else _IDENTITY


def _any_allows(policies: Sequence[Policy], caller: Caller, call: Call) -> bool:
    return any(policy.allows(caller, call) for policy in policies)
