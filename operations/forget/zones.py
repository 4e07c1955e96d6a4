"""The zones in S3: every object that may hold records of a subject is read, and written again without them."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from catalog import DATASETS, Dataset
from contract.keys import PART, REASON
from lambdas.shared.recognise import dataset_of, is_marker, may_be_resource_fork
from lambdas.shared.zone import Zone, in_parallel, raise_unless_changed
from operations.errors import OperationError
from operations.forget.records import Removed, without
from operations.forget.subject import Subject
from operations.zones import Zones

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LARGEST_PUT = 5 * 1024**3
_THREADS = 8  # each keeps up to three copies of its object on the disk
_BY_NAME = {dataset.name: dataset for dataset in DATASETS}

LANDING, WORKING, PROCESSED, QUARANTINE = ("landing", "working", "processed", "quarantine")


@dataclass(frozen=True)
class Item:
    """An object, or an older version of one."""

    key: str
    etag: str
    size: int
    version: str | None = None
    is_latest: bool = True


@dataclass
class Found:
    """What a zone held of the subject: objects and records; the addresses of objects that a person has to look at."""

    objects: int = 0
    records: int = 0
    older_versions: int = 0
    doubtful: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """One zone's bucket. `has_published` tells of a landed file, by key and ETag, whether the ledger lists it."""

    s3: "S3Client"
    name: str
    bucket: str
    has_published: Callable[[str, str], bool]

    def forget(self, subject: Subject, *, dry_run: bool) -> Found:
        """Take the subject's records out of every object; with `dry_run` only count them."""
        found = Found()
        items = [item for item in self._items() if item.size and _readable(self.name, item.key)]
        every = in_parallel(lambda item: self._forget_in(subject, item, dry_run=dry_run), items, _THREADS)
        for item, removed in zip(items, every, strict=True):
            if removed.doubtful:
                found.doubtful.append(f"s3://{self.bucket}/{item.key}")
            if removed.records:
                found.objects += 1
                found.records += removed.records
                found.older_versions += not item.is_latest
        return found

    def _items(self) -> Iterator[Item]:
        try:
            versioned = self.s3.get_bucket_versioning(Bucket=self.bucket).get("Status") is not None
            yield from self._versions() if versioned else self._objects()
        except self.s3.exceptions.NoSuchBucket:
            raise OperationError(
                f"there is no bucket {self.bucket}: run the pipeline first, or give the deployment's --name"
            ) from None

    def _objects(self) -> Iterator[Item]:
        for item in Zone(self.s3, self.bucket).objects():
            yield Item(item.key, item.etag, item.size)

    def _versions(self) -> Iterator[Item]:
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket):
            for entry in page.get("Versions", []):
                yield Item(entry["Key"], entry["ETag"], entry["Size"], entry["VersionId"], entry["IsLatest"])

    def _forget_in(self, subject: Subject, item: Item, *, dry_run: bool) -> Removed:
        readable = _readable(self.name, item.key)
        if readable is None:
            return Removed()
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "source", Path(folder) / "target"
            if not self._download(item, source):
                return Removed()  # deleted meanwhile
            removed = without(subject, source, target, *readable)
            if removed.records and not dry_run:
                self._replace(item, target)
            return removed

    def _download(self, item: Item, path: Path) -> bool:
        more = {"VersionId": item.version} if item.version else {}
        try:
            self.s3.download_file(self.bucket, item.key, str(path), ExtraArgs=more)
        except ClientError as error:
            raise_unless_changed(error)
            return False
        return True

    def _replace(self, item: Item, path: Path) -> None:
        """Put the rest in the place of an object. An older version cannot be replaced, so it goes as a whole."""
        if not item.is_latest and item.version:
            self.s3.delete_object(Bucket=self.bucket, Key=item.key, VersionId=item.version)
        elif self.name == LANDING:
            self._replace_landed(item, path)
        else:
            self._delete_checksum(
                item.key
            )  # first: a repeated request would not come here for a file without records
            self.s3.upload_file(str(path), self.bucket, item.key)

    def _replace_landed(self, item: Item, path: Path) -> None:
        """A file that was published already is deleted: under another ETag the next run would count its rows again."""
        published = self.has_published(item.key, item.etag)
        try:
            if published:
                self.s3.delete_object(Bucket=self.bucket, Key=item.key, IfMatch=item.etag)
            else:
                self._put_if_unchanged(item, path)
        except ClientError as error:
            raise_unless_changed(error)
            raise OperationError(
                f"s3://{self.bucket}/{item.key} was overwritten meanwhile; what was done so far stays done, call the command again"
            ) from None
        if item.version:  # what was the newest version is an older one now
            self.s3.delete_object(Bucket=self.bucket, Key=item.key, VersionId=item.version)

    def _put_if_unchanged(self, item: Item, path: Path) -> None:
        if path.stat().st_size > _LARGEST_PUT:
            raise OperationError(
                f"s3://{self.bucket}/{item.key} has more than 5 GiB, which S3 does not replace under a condition; "
                "let a run take it, then call the command again"
            )
        with path.open("rb") as content:
            self.s3.put_object(Bucket=self.bucket, Key=item.key, Body=content, IfMatch=item.etag)

    def _delete_checksum(self, key: str) -> None:
        """Hadoop keeps a checksum beside a file in a local folder, which would not fit any more."""
        folder, _, name = key.rpartition("/")
        if name.startswith(PART):
            self.s3.delete_object(Bucket=self.bucket, Key=f"{folder}/.{name}.crc")


def places_of(zones: Zones, has_published: Callable[[str, str], bool]) -> list[Place]:
    """All zones; `has_published` tells of a landed file, by key and ETag, whether the ledger lists it."""
    return [
        Place(zones.s3, name, getattr(zones, name), has_published)
        for name in (LANDING, WORKING, PROCESSED, QUARANTINE)
    ]


def _readable(zone: str, key: str) -> tuple[str, Dataset | None] | None:
    """How an object is read, and its dataset if the key tells it; None for an object without records and keys."""
    folders, name = key.split("/")[:-1], key.rpartition("/")[2]
    if is_marker(name) and not may_be_resource_fork(name):
        return None
    if zone == LANDING:
        return "csv", dataset_of(key)
    folder = folders[1] if len(folders) > 1 else ""
    if zone == QUARANTINE and folder == "files":
        return None if name.endswith(REASON) else ("csv", None)
    if zone == WORKING and folder == "checks":
        return "checks", None
    if folder not in _BY_NAME:
        return None  # plans, receipts, counts and remarks
    kinds = {WORKING: "csv", PROCESSED: "parquet", QUARANTINE: "rejects"}
    return kinds[zone], _BY_NAME[folder]
