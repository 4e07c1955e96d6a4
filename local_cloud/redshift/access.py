"""What COPY and UNLOAD may do in S3: they act as the role that the statement names, and the cluster has to have it.

Redshift Database Developer Guide, "IAM permissions for COPY, UNLOAD, and CREATE LIBRARY"; Management Guide, "Authorizing Amazon
Redshift to access AWS services on your behalf".
"""

from collections.abc import Iterable, Mapping

from local_cloud.account import ACCOUNT
from local_cloud.iam import Caller, Decision, Judge, calls_of
from local_cloud.redshift.errors import SqlError

_SESSION = "RedshiftIamRoleSession"


class S3Access:
    """Asks `judge` for what a statement does in S3."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def may_load(self, role: str, bucket: str, prefix: str, keys: Iterable[str]) -> None:
        """COPY lists the prefix and gets each object; SqlError, as Redshift words it, where the role may not."""
        session = self._session(role)
        self._require(session, "ListObjectsV2", {"Bucket": bucket, "Prefix": prefix})
        for key in keys:
            self._require(session, "GetObject", {"Bucket": bucket, "Key": key})

    def may_unload(self, role: str, bucket: str, prefix: str, key: str) -> None:
        """UNLOAD lists the prefix, to see whether something is there, and puts the object."""
        session = self._session(role)
        self._require(session, "ListObjectsV2", {"Bucket": bucket, "Prefix": prefix})
        self._require(session, "PutObject", {"Bucket": bucket, "Key": key})

    def _session(self, role: str) -> Caller:
        if self._judge.attached(role) and self._judge.trusts(role, "redshift.amazonaws.com"):
            name = role.rpartition("/")[2]
            return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{_SESSION}", ACCOUNT, role=role)
        raise SqlError(
            f"Not authorized to get credentials of role {role}: the cluster has to have the role, and the role has to trust "
            "redshift.amazonaws.com"
        )

    def _require(self, session: Caller, operation: str, members: Mapping[str, str]) -> None:
        for decision in self._judge.decisions(session, calls_of("s3", operation, members)):
            if not decision.allowed:
                raise SqlError(_s3_exception(decision))


def _s3_exception(decision: Decision) -> str:
    return f"S3ServiceException:{decision.message},Status 403,Error AccessDenied,CanRetry 1"
