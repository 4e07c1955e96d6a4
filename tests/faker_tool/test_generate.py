"""The files that one call writes."""

import csv
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from catalog import AUTHORS, DATASETS, REVIEWS, USERS
from faker_tool.generate import generate
from faker_tool.sizes import planned_bytes

UNTIL = datetime(2020, 3, 1, tzinfo=UTC)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def records_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.mark.slow
def test_one_and_two_threads_write_the_same_bytes(tmp_path: Path) -> None:
    for threads in (1, 2):
        generate(
            tmp_path / str(threads),
            records=40_000,
            until=UNTIL,
            datasets=[AUTHORS, REVIEWS],
            files_of=4_000_000,
            threads=threads,
        )

    alone, together = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert alone.keys() >= {"author/part-00001.csv", "reviews/part-00003.csv"}
    assert alone == together


def test_a_smaller_load_is_the_beginning_of_a_larger_one(tmp_path: Path) -> None:
    generate(tmp_path / "small", records=100, until=UNTIL, datasets=[USERS])
    generate(tmp_path / "large", size=1_000_000, until=UNTIL, datasets=[USERS])

    small, large = ((tmp_path / name / "user.csv").read_bytes() for name in ("small", "large"))
    assert len(small) < len(large)
    assert large.startswith(small)


def test_another_seed_gives_other_records(tmp_path: Path) -> None:
    for seed in (0, 1):
        generate(tmp_path / str(seed), records=10, until=UNTIL, seed=seed, datasets=[USERS])

    assert contents(tmp_path / "0") != contents(tmp_path / "1")


def test_the_four_landing_files_hold_the_wanted_number_of_records(tmp_path: Path) -> None:
    generate(tmp_path, records=123, until=UNTIL)

    found = {path.name: len(records_in(path)) for path in tmp_path.iterdir()}
    assert found == {"author.csv": 123, "book.csv": 123, "reviews.csv": 123, "user.csv": 123}


@pytest.mark.slow
@pytest.mark.parametrize("size", [100_000, 3_000_000, 20_000_000])
@pytest.mark.parametrize("files_of", [None, 50_000])
def test_the_size_is_met_within_two_per_cent(tmp_path: Path, size: int, files_of: int | None) -> None:
    manifest = generate(tmp_path, size=size, until=UNTIL, files_of=files_of)

    on_disk = sum((tmp_path / file.name).stat().st_size for file in manifest.files)
    assert on_disk == manifest.bytes == sum(file.size_bytes for file in manifest.files)
    assert manifest.bytes == pytest.approx(size, rel=0.02)


@given(st.integers(100_000, 10**13))
def test_a_size_is_split_like_the_recorded_load(size: int) -> None:
    plan = planned_bytes(DATASETS, size=size, records=None)

    shares = {name: part / size for name, part in plan.items()}
    expected = {"authors": 1.2 / 11.4, "books": 2.8 / 11.4, "reviews": 4.5 / 11.4, "users": 2.9 / 11.4}
    assert shares == pytest.approx(expected, abs=0.001)


def test_each_part_is_a_csv_file_of_its_own_below_the_limit(tmp_path: Path) -> None:
    manifest = generate(tmp_path, records=2_000, until=UNTIL, datasets=[REVIEWS], files_of=100_000)

    parts = [records_in(tmp_path / file.name) for file in manifest.files]
    assert [file.name for file in manifest.files][:2] == ["reviews/part-00000.csv", "reviews/part-00001.csv"]
    assert len(parts) == len(list((tmp_path / "reviews").iterdir())) > 5
    assert all((tmp_path / file.name).stat().st_size <= 100_000 for file in manifest.files)
    assert sum(len(part) for part in parts) == 2_000
    assert all(set(row) == set(REVIEWS.column_names) for part in parts for row in part)
    assert all(row["review_id"].isdigit() for part in parts for row in part)


def test_compressed_files_hold_the_same_text_and_are_reproducible(tmp_path: Path) -> None:
    generate(tmp_path / "plain", records=500, until=UNTIL, datasets=[USERS])
    for name in ("once", "twice"):
        generate(tmp_path / name, records=500, until=UNTIL, datasets=[USERS], gzip=True)

    once, twice = ((tmp_path / name / "user.csv.gz").read_bytes() for name in ("once", "twice"))
    assert gzip.decompress(once) == (tmp_path / "plain" / "user.csv").read_bytes()
    assert once == twice


def test_the_manifest_counts_what_is_in_the_files(tmp_path: Path) -> None:
    manifest = generate(tmp_path, records=40_000, until=UNTIL, datasets=[AUTHORS])

    [authors] = manifest.datasets
    rows = records_in(tmp_path / "author.csv")
    assert authors.records == len(rows) == 40_000
    assert authors.distinct_keys == len({row["author_id"] for row in rows}) < 40_000
    [file] = authors.files
    assert (file.name, file.records, file.is_gzip, file.is_truncated) == ("author.csv", 40_000, False, False)
    assert authors.expected is None
    assert authors.bytes == file.size_bytes == (tmp_path / "author.csv").stat().st_size


def test_progress_adds_up_to_the_records_written(tmp_path: Path) -> None:
    steps: list[int] = []

    manifest = generate(tmp_path, records=40_000, until=UNTIL, datasets=[AUTHORS], progress=steps.append)

    assert len(steps) == 3
    assert sum(steps) == manifest.bytes - len(",".join(AUTHORS.column_names) + "\n")


def test_existing_files_are_kept_unless_forced(tmp_path: Path) -> None:
    generate(tmp_path, records=1, until=UNTIL)
    before = contents(tmp_path)

    with pytest.raises(FileExistsError, match=r"already holds author\.csv, .*--force"):
        generate(tmp_path, records=2, until=UNTIL)
    assert contents(tmp_path) == before

    generate(tmp_path, records=2, until=UNTIL, force=True)
    assert len(records_in(tmp_path / "author.csv")) == 2


def test_force_leaves_no_part_of_an_earlier_and_larger_run(tmp_path: Path) -> None:
    generate(tmp_path, records=500, until=UNTIL, datasets=[REVIEWS], files_of=20_000)

    manifest = generate(tmp_path, records=50, until=UNTIL, datasets=[REVIEWS], files_of=20_000, force=True)

    assert set(contents(tmp_path)) == {file.name for file in manifest.files}


def test_a_file_has_its_name_only_when_it_is_complete(tmp_path: Path) -> None:
    class DiskFullError(Exception):
        pass

    def fail(_: int) -> None:
        raise DiskFullError

    with pytest.raises(DiskFullError):
        generate(tmp_path, records=1, until=UNTIL, progress=fail)
    assert contents(tmp_path) == {}


def test_files_without_room_for_a_byte_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="files of 0 bytes were asked for; ask for 1 or more"):
        generate(tmp_path, records=1, until=UNTIL, files_of=0)


def test_an_end_without_a_time_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"until is 2020-03-01 00:00:00, without a time zone; give it one"):
        generate(tmp_path, records=1, until=UNTIL.replace(tzinfo=None))


def test_by_default_records_were_captured_before_the_last_midnight(tmp_path: Path) -> None:
    with time_machine.travel(datetime(2020, 3, 1, 23, 59, 59, tzinfo=UTC), tick=False):
        generate(tmp_path, records=1_000, datasets=[USERS])

    captured = [
        datetime.fromisoformat(row["record_create_timestamp"]) for row in records_in(tmp_path / "user.csv")
    ]
    midnight = datetime(2020, 3, 1)  # noqa: DTZ001 - UTC, as the file has it
    assert midnight - timedelta(days=1) < max(captured) < midnight
    assert midnight - timedelta(days=30) <= min(captured) < midnight - timedelta(days=29)
