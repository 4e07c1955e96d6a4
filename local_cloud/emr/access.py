"""What a Spark step may do in S3, seen from outside: its reads and writes go to a mounted folder and not to the S3 server.

Judged are the objects that the step's arguments name, before the step, and those that it has put or deleted, after it. Which requests
the job makes for them, and in which order, is not seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local_cloud.account import ACCOUNT
from local_cloud.iam import Caller, Judge, calls_of

_WRITTEN = ("--processed", "--quarantine")
_READ = "--plan"
_Files = Mapping[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True)
class StepAccess:
    """The S3 of one step, as the role of its nodes."""

    judge: Judge
    buckets: Path
    role: str
    arguments: Sequence[str]

    def to_begin(self) -> str:
        """Why the step cannot read its code, its plan and what the plan lists; empty if it can."""
        inputs = [one for one in self.arguments if one.startswith("s3://") and not self._is_output(one)]
        for address in inputs:
            if why := self._refusal("GetObject", _members(address)):
                return why
        plan = self._value(_READ)
        folder = plan.rpartition("/")[0]
        asked = {"Bucket": _members(plan)["Bucket"], "Prefix": f"{_members(folder)['Key']}/"}
        return (plan and self._refusal("ListObjectsV2", asked)) or ""

    def written(self) -> _Files:
        """The files of the step's outputs, with what tells one version from the next."""
        return {
            (bucket, path.relative_to(self.buckets / bucket).as_posix()): (found.st_mtime_ns, found.st_ino)
            for bucket, folder in self._outputs()
            for path in folder.rglob("*")
            if path.is_file()
            for found in [path.stat()]
        }

    def to_have_written(self, before: _Files) -> str:
        """Why the step could not have put or deleted what differs from `before`; empty if it could."""
        after = self.written()
        for bucket, _ in self._outputs():
            if why := self._refusal("ListObjectsV2", {"Bucket": bucket}):
                return why
        changed = [("PutObject", key) for key in after if after[key] != before.get(key)]
        gone = [("DeleteObject", key) for key in before if after.get(key) != before[key]]
        for operation, (bucket, key) in sorted(changed + gone):
            if why := self._refusal(operation, {"Bucket": bucket, "Key": key}):
                return why
        return ""

    def _refusal(self, operation: str, members: Mapping[str, str]) -> str:
        name = self.role.rpartition("/")[2]
        caller = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/nodes", ACCOUNT, role=self.role)
        for decision in self.judge.decisions(caller, calls_of("s3", operation, members)):
            if not decision.allowed:
                address = f"s3a://{members['Bucket']}/{members.get('Key', members.get('Prefix', ''))}"
                return (
                    f"java.nio.file.AccessDeniedException: {address}: {decision.message} (Status Code: 403)"
                )
        return ""

    def _outputs(self) -> Iterator[tuple[str, Path]]:
        for name in _WRITTEN:
            if address := self._value(name):
                members = _members(address)
                yield members["Bucket"], self.buckets / members["Bucket"] / members["Key"]

    def _is_output(self, address: str) -> bool:
        return address in {self._value(name) for name in _WRITTEN}

    def _value(self, name: str) -> str:
        """The argument after `name`; empty if there is none."""
        following = dict(zip(self.arguments, self.arguments[1:], strict=False))
        return following.get(name, "")


def _members(address: str) -> dict[str, str]:
    parts = urlsplit(address)
    return {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")}
