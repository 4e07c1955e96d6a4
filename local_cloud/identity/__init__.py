"""Who calls: every request to the endpoint is made by a principal, and its access key tells which one."""

from local_cloud.identity.hook import install, principal_in, refused
from local_cloud.identity.principals import (
    KeyRefused,
    Keys,
    Kind,
    NotTrusted,
    Principal,
    Problem,
    ask_for_trust,
    principal_of,
    service_keys,
    session,
)
from local_cloud.identity.requests import Refusal, caller, refusal, signer
from local_cloud.identity.signatures import Received

__all__ = [
    "KeyRefused",
    "Keys",
    "Kind",
    "NotTrusted",
    "Principal",
    "Problem",
    "Received",
    "Refusal",
    "ask_for_trust",
    "caller",
    "install",
    "principal_in",
    "principal_of",
    "refusal",
    "refused",
    "service_keys",
    "session",
    "signer",
]
