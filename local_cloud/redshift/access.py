"""What COPY and UNLOAD may do in S3: they act as the role that the statement names, and the cluster has to have it.

Redshift Database Developer Guide, "IAM permissions for COPY, UNLOAD, and CREATE LIBRARY"; Management Guide, "Authorizing Amazon
Redshift to access AWS services on your behalf", and "Restricting access to IAM roles": the database user is the external ID.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.iam import Caller, Decision, Judge, calls_of
from local_cloud.redshift.errors import SqlError

_SESSION = "RedshiftIamRoleSession"


@dataclass(frozen=True)
class S3Access:
    """Asks `judge` for what a statement of a database user does in S3; None is the superuser."""

    judge: Judge
    user: str | None = None

    def of(self, user: str | None) -> Self:
        """The same for another user."""
        return replace(self, user=user)

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
        cluster = self.judge.cluster_with(role)
        user = f"arn:aws:redshift:{REGION}:{ACCOUNT}:dbuser:{cluster}/{self.user}" if self.user else ""
        if cluster and self.judge.trusts(role, "redshift.amazonaws.com", external_id=user):
            name = role.rpartition("/")[2]
            return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{_SESSION}", ACCOUNT, role=role)
        raise SqlError(
            f"Not authorized to get credentials of role {role}: the cluster has to have the role, and the role has to trust "
            f"redshift.amazonaws.com{f' for {user}' if user else ''}"
        )

    def _require(self, session: Caller, operation: str, members: Mapping[str, str]) -> None:
        for decision in self.judge.decisions(session, calls_of("s3", operation, members)):
            if not decision.allowed:
                raise SqlError(_s3_exception(decision))


def _s3_exception(decision: Decision) -> str:
    return f"S3ServiceException:{decision.message},Status 403,Error AccessDenied,CanRetry 1"
