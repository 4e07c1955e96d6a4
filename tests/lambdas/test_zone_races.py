"""What the zones promise while others write: a copy is the version that was planned, and only that is deleted."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from mypy_boto3_s3 import S3Client

from contract.plan import LandingObject
from lambdas.shared import zone
from tests.lambdas.zones import LocalZones

KEYS = [f"authors/{number}.csv" for number in range(6)]


class Writer:
    """Writes its keys again and again; no two versions are the same, most have one size."""

    def __init__(self, zones: LocalZones, keys: list[str], size: int) -> None:
        self._zones, self._keys, self._size = zones, keys, size
        self._random = random.Random(keys[0])
        self._s3: S3Client = boto3.client("s3")
        self.written: dict[tuple[str, str], bytes] = {}  # (key, ETag) -> content
        self.newest: dict[str, str] = {}  # key -> ETag
        self.vanished: set[tuple[str, str]] = set()  # (key, ETag) that were gone before the next was written
        self.stopped = threading.Event()
        for key in keys:
            self.write(key)

    def run(self) -> None:
        while not self.stopped.is_set():
            self.write(self._random.choice(self._keys))

    def write(self, key: str) -> None:
        content = self._random.randbytes(self._size - self._random.choice([0, 0, 0, 1]))
        bucket = self._zones.environment.landing_bucket
        if key in self.newest and not (self._zones.folder / bucket / key).exists():
            self.vanished.add((key, self.newest[key]))
        etag = self._s3.put_object(Bucket=bucket, Key=key, Body=content)["ETag"]
        self.written[key, etag] = content
        self.newest[key] = etag


@contextmanager
def writing(zones: LocalZones, size: int, writers: int = 2) -> Iterator[list[Writer]]:
    """The given number of writers at work, each with its own keys."""
    running = [Writer(zones, KEYS[number::writers], size) for number in range(writers)]
    with ThreadPoolExecutor(writers) as pool:
        ended = [pool.submit(writer.run) for writer in running]
        try:
            yield running
        finally:
            for writer in running:
                writer.stopped.set()
    for end in ended:
        end.result()


def versions(writers: list[Writer]) -> dict[tuple[str, str], bytes]:
    return {version: content for writer in writers for version, content in writer.written.items()}


def listed(zones: LocalZones) -> list[LandingObject]:
    return list(zones.run().landing.objects())


def copied(zones: LocalZones, item: LandingObject, target: str) -> bool:
    run = zones.run()
    return run.landing.copy_if_unchanged(
        item.key, etag=item.etag, size=item.size, to=run.working, target=target
    )


@pytest.mark.slow
def test_no_version_is_lost_and_each_copy_is_the_version_that_was_planned(zones: LocalZones) -> None:
    landing, working = zones.run().landing, zones.environment.working_bucket
    kept: dict[str, LandingObject] = {}
    deleted: list[LandingObject] = []
    refused = 0
    with writing(zones, size=2000) as writers:
        for turn in range(1000):
            if turn >= 25 and kept and deleted and refused:
                break
            for item in listed(zones):
                target = f"{turn}/{item.key}"
                if not copied(zones, item, target):
                    refused += 1
                    continue
                kept[target] = item
                if landing.delete_if_unchanged([(item.key, item.etag)]) == [True]:
                    deleted.append(item)
    content = versions(writers)
    assert zones.keys(working) == sorted(kept)
    for target, item in kept.items():
        assert zones.content(working, target) == content[item.key, item.etag]
    left = {(item.key, item.etag) for item in listed(zones)}
    gone = {(item.key, item.etag) for item in deleted}
    assert {version for writer in writers for version in writer.vanished} <= gone
    newest = {version for writer in writers for version in writer.newest.items()}
    assert newest == left | (newest & gone)
    assert kept
    assert deleted
    assert refused, "nobody was in anybody's way"


@pytest.mark.slow
def test_a_head_is_the_head_of_the_version_that_was_listed(zones: LocalZones) -> None:
    with writing(zones, size=2000) as writers:
        found = []
        for _ in range(25):
            for item in listed(zones):
                head = zones.run().landing.read_head(item, 1990)
                found.append((item, head))
    content = versions(writers)
    assert any(head for _, head in found)
    for item, head in found:
        assert item.size == len(content[item.key, item.etag])
        assert head in (None, content[item.key, item.etag][:1990])


@pytest.mark.slow
def test_the_parts_of_a_copy_are_never_of_two_versions(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = 5 * 1024 * 1024
    monkeypatch.setattr(
        zone,
        "COPYING",
        TransferConfig(
            multipart_threshold=part, multipart_chunksize=part, preferred_transfer_client="classic"
        ),
    )
    kept: dict[str, LandingObject] = {}
    with writing(zones, size=2 * part + 1, writers=1) as writers:
        for turn in range(50):
            if turn >= 3 and kept:
                break
            for item in listed(zones):
                if copied(zones, item, f"{turn}/{item.key}"):
                    kept[f"{turn}/{item.key}"] = item
    content = versions(writers)
    assert kept
    assert zones.keys(zones.environment.working_bucket) == sorted(kept)
    for target, item in kept.items():
        assert zones.content(zones.environment.working_bucket, target) == content[item.key, item.etag]
    assert list((zones.folder / ".localbucket-uploads").iterdir()) == []


@pytest.mark.slow
def test_of_many_who_delete_one_version_one_succeeds(zones: LocalZones) -> None:
    landing = zones.run().landing
    for _ in range(20):
        zones.land("author.csv")
        etag = listed(zones)[0].etag
        delete = partial(landing.delete_if_unchanged, [("author.csv", etag)])
        with ThreadPoolExecutor(4) as pool:
            done = [pool.submit(delete) for _ in range(4)]
        assert sorted(end.result()[0] for end in done) == [False, False, False, True]
