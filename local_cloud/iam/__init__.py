"""What may be done: AWS Identity and Access Management over the policies of the deployed templates."""

from local_cloud.iam.calls import calls_of
from local_cloud.iam.decisions import Decision
from local_cloud.iam.hook import install
from local_cloud.iam.judge import AccessDenied, Judge
from local_cloud.iam.policies import Call, Caller
from local_cloud.iam.record import Record

__all__ = [
    "AccessDenied",
    "Call",
    "Caller",
    "Decision",
    "Judge",
    "Record",
    "calls_of",
    "install",
]
