"""Files that are big are copied in parts: each a file with the header, all there or none."""

import csv
import gzip
import io
import itertools
import random
from typing import Any

import pytest

from catalog import AUTHORS, REVIEWS
from contract.keys import copied_key
from contract.plan import PlannedFile
from lambdas import copy_to_working, quarantine_unreadable
from lambdas.shared.environment import Environment
from tests.lambdas.runs import confirm, copy, plan
from tests.lambdas.zones import AUTHORS_CSV, LocalZones

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def big_is_above_8_mib(zones: LocalZones, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (sets it too)
    """A part then has a rest that S3 copies, which takes 5 MiB before it."""
    monkeypatch.setenv("COPY_PART_BYTES", str(8 * MIB))


def reviews(count: int) -> bytes:
    """About 1 kB a record; every third text has line breaks and quotes."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, REVIEWS.column_names, restval="", lineterminator="\n")
    writer.writeheader()
    words = random.Random(7)
    for number in range(count):
        said = f"{words.getrandbits(3000):x}"
        writer.writerow(
            {
                "review_id": number,
                "review_text": said if number % 3 else f'{said}\n\n"{said[:20]}"\n,',
                "record_create_timestamp": "2020-02-19 21:38:16",
            }
        )
    return text.getvalue().encode()


REVIEWS_26_MB = reviews(33_000)
HEADER = ",".join(REVIEWS.column_names).encode() + b"\n"


def copied(zones: LocalZones) -> PlannedFile:
    """The only file of the plan as Spark gets it."""
    confirm()
    (file,) = zones.run().read_plan(copied_key).files
    return file


def objects(zones: LocalZones) -> list[str]:
    return [key for key in zones.keys(zones.environment.working_bucket) if "/layout=" in key]


def records(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))[1:]


@pytest.mark.slow
def test_a_big_file_becomes_parts_of_about_the_same_size_that_hold_its_records_in_order(
    zones: LocalZones,
) -> None:
    zones.land("reviews/big.csv", REVIEWS_26_MB)
    plan(zones)
    assert copy() == {"copied": 1, "changed": 0}
    parts = copied(zones).parts
    assert [part.target for part in parts] == objects(zones)
    assert [part.target.partition("-after=")[0] for part in parts] == [
        f"run=r1/reviews/layout=0/00000-part={number:05d}" for number in range(4)
    ]
    contents = [zones.content(zones.environment.working_bucket, part.target) for part in parts]
    assert all(content.startswith(HEADER) for content in contents)
    assert b"".join([HEADER, *(content.removeprefix(HEADER) for content in contents)]) == REVIEWS_26_MB
    assert [len(records(content)) for content in contents] == [part.records for part in parts]
    assert max(map(len, contents)) - min(map(len, contents)) < 5_000
    before = itertools.accumulate((part.records for part in parts[:-1]), initial=0)
    assert [part.target.partition("-after=")[2] for part in parts] == [f"{sum_}-big.csv" for sum_ in before]


@pytest.mark.slow
def test_a_big_gzip_file_is_unpacked_into_parts(zones: LocalZones) -> None:
    zones.land("reviews/big.csv.gz", gzip.compress(REVIEWS_26_MB, 1))
    plan(zones)
    assert copy() == {"copied": 1, "changed": 0}
    parts = copied(zones).parts
    contents = [zones.content(zones.environment.working_bucket, part.target) for part in parts]
    assert len(parts) == 4
    assert b"".join([HEADER, *(content.removeprefix(HEADER) for content in contents)]) == REVIEWS_26_MB
    assert all(part.target.endswith("-big.csv") for part in parts)


def test_a_small_file_is_copied_as_it_is(zones: LocalZones) -> None:
    zones.land("author.csv")
    plan(zones)
    copy()
    file = copied(zones)
    assert (file.parts, objects(zones)) == ((), [file.target])


def test_a_big_file_that_cannot_be_used_goes_to_quarantine_whole(zones: LocalZones) -> None:
    content = b"one,two\n" + b"1,2\n" * (3 * MIB)
    zones.land("reviews/big.csv", content)
    plan(zones)
    assert copy() == {"copied": 1, "changed": 0}
    file = copied(zones)
    assert (file.dataset, file.parts, objects(zones)) == (None, (), [])
    assert zones.content(zones.environment.quarantine_bucket, file.target) == content


def test_a_big_file_with_a_quote_out_of_place_stays_whole(zones: LocalZones) -> None:
    content = REVIEWS_26_MB + b'77,a 5" disk' + b"," * 13 + b"\n"
    zones.land("reviews/big.csv", content)
    plan(zones)
    assert copy() == {"copied": 1, "changed": 0}
    file = copied(zones)
    assert (file.parts, objects(zones)) == ((), [file.target])
    assert zones.content(zones.environment.working_bucket, file.target) == content


@pytest.mark.parametrize("operation", ["CreateMultipartUpload", "UploadPart", "UploadPartCopy"])
def test_a_file_that_changes_while_it_is_cut_leaves_nothing(zones: LocalZones, operation: str) -> None:
    zones.land("reviews/big.csv", REVIEWS_26_MB)
    plan(zones)
    run = zones.run(environment=Environment.read())
    changes = iter([AUTHORS_CSV])

    def overwrite(_: dict[str, Any]) -> None:
        for content in changes:
            zones.land("reviews/big.csv", content)

    zones.before(operation, overwrite)
    made = copy_to_working.copy_batch(run, 0)
    assert made == {"copied": 0, "changed": 1}
    assert objects(zones) == []
    assert list((zones.folder / ".localbucket-uploads").iterdir()) == []


@pytest.mark.slow
def test_a_failure_leaves_nothing_half_done_and_the_next_try_copies_all(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    zones.land("reviews/big.csv", REVIEWS_26_MB)
    plan(zones)
    failures = iter([ConnectionError("the network is gone")])

    def fail(_: dict[str, Any]) -> None:
        for failure in failures:
            raise failure

    zones.before("UploadPartCopy", fail)
    run = zones.run(environment=Environment.read())
    with pytest.raises(ConnectionError):
        copy_to_working.copy_batch(run, 0)
    assert objects(zones) == []
    assert list((zones.folder / ".localbucket-uploads").iterdir()) == []
    assert copy_to_working.copy_batch(run, 0) == {"copied": 1, "changed": 0}
    assert len(objects(zones)) == 4


def test_a_part_that_is_not_what_was_cut_is_an_error(zones: LocalZones) -> None:
    zones.land("reviews/big.csv", REVIEWS_26_MB)
    plan(zones)

    def shorten(parameters: dict[str, Any]) -> None:
        headers = parameters["headers"]
        first, _, last = headers["x-amz-copy-source-range"].partition("-")
        headers["x-amz-copy-source-range"] = f"{first}-{int(last) - 1}"

    zones.before("UploadPartCopy", shorten)
    with pytest.raises(OSError, match=r"part=00000-after=0-big.csv has \d+ bytes after the copy, not \d+"):
        copy_to_working.copy_batch(zones.run(environment=Environment.read()), 0)


@pytest.mark.slow
def test_a_cut_file_that_spark_cannot_read_is_quarantined_as_it_was_landed(zones: LocalZones) -> None:
    zones.land("reviews/big.csv", REVIEWS_26_MB)
    plan(zones)
    copy()
    confirm()
    problems = {"reviews/big.csv": "a field is too long"}
    (file,) = quarantine_unreadable.quarantine(zones.run(), problems).files
    assert zones.content(zones.environment.quarantine_bucket, file.target) == REVIEWS_26_MB
    assert file.target == "run=r1/files/00000-big.csv"


def test_a_cut_file_that_spark_cannot_read_and_that_has_changed_since_fails_the_run(
    zones: LocalZones,
) -> None:
    zones.land("reviews/big.csv", REVIEWS_26_MB)
    plan(zones)
    copy()
    confirm()
    zones.land("reviews/big.csv", AUTHORS_CSV)
    with pytest.raises(OSError, match="has changed while it was copied to quarantine"):
        quarantine_unreadable.quarantine(zones.run(), {"reviews/big.csv": "a field is too long"})


def test_authors_have_a_header_of_their_own(zones: LocalZones) -> None:
    """Columns in another order, so that the parts' header has to be the file's and not the catalog's."""
    names = tuple(reversed(AUTHORS.column_names))
    line = "2020-02-19 21:38:16," + "," * 6 + "{}\n"
    content = ",".join(names) + "\n" + "".join(line.format(number) for number in range(260_000))
    zones.land("authors/big.csv", content.encode())
    plan(zones)
    copy()
    assert len(objects(zones)) == 2
    for key in objects(zones):
        first_line = zones.content(zones.environment.working_bucket, key).partition(b"\n")[0]
        assert first_line.decode() == ",".join(names)
