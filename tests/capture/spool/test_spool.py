"""Files of captured records."""

import csv
import errno
import fcntl
import io
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.collector.records import records_of
from capture.errors import SpoolError, SpoolInUse
from capture.spool import spool
from capture.spool.spool import Records, Spool, finish_abandoned, held
from catalog import AUTHORS
from tests.capture.spool.dying import dies
from tests.capture.spool.landed import ready, rows_of
from tests.local_cloud.waiting import PATIENCE

NOW = datetime(2020, 2, 19, 21, 38, 16, 690535, tzinfo=UTC)
VERSION = "2020-02-19 21:38:16.690535"


def some(review_id: int, body: str = "") -> Records:
    """A review with a user and an author, but without a book."""
    book = {"authors": {"author": {"id": "3", "name": "Ann, jr."}}}
    return records_of({"id": str(review_id), "user": {"id": "2"}, "book": book, "body": body}, NOW)


def append(spool: Spool, review_id: int, body: str = "") -> None:
    with spool.state.transaction():
        spool.append(some(review_id, body), NOW)


def test_finished_files_have_one_new_name_and_only_datasets_with_records(spool: Spool) -> None:
    append(spool, 1)
    append(spool, 4)
    moved = spool.finish()
    assert moved == ready(spool.folder)
    assert [path.parent.name for path in moved] == ["authors", "reviews", "users"]
    (name,) = {path.name for path in moved}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-f]{32}\.csv", name)
    assert [row[0] for row in rows_of(moved)["reviews"]] == ["1", "4"]


def test_a_file_is_written_as_the_catalog_says(spool: Spool) -> None:
    append(spool, 1)
    (file,) = [path for path in spool.finish() if path.parent.name == "authors"]
    assert file.read_bytes() == (
        b"author_id,name,role,profile_url,average_rating,rating_count,text_review_count,record_create_timestamp\r\n"
        b'3,"Ann, jr.",,,,,,' + VERSION.encode() + b"\r\n"
    )


def test_without_records_nothing_is_finished(spool: Spool) -> None:
    assert spool.finish() == []
    append(spool, 1)
    assert len(spool.finish()) == 3
    assert spool.finish() == []


def test_two_rounds_never_share_a_name(spool: Spool) -> None:
    for number in range(20):
        append(spool, number)
        spool.finish()
    assert len({path.name for path in ready(spool.folder)}) == 20


def test_the_size_and_the_age_of_a_spool_count_the_open_files(spool: Spool) -> None:
    assert (spool.size(), spool.opened_at()) == (0, None)
    append(spool, 1)
    with spool.state.transaction():
        spool.append(some(2), NOW + timedelta(hours=1))
    largest = max(path.stat().st_size for path in (spool.folder / "open").glob("*.csv"))
    assert (spool.size(), spool.opened_at()) == (largest, NOW.timestamp())
    spool.finish()
    assert (spool.size(), spool.opened_at()) == (0, None)


def test_records_of_a_transaction_that_fails_do_not_count(spool: Spool) -> None:
    append(spool, 1)

    def fail() -> None:
        with spool.state.transaction():
            spool.append(some(2), NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    append(spool, 3)
    assert [row[0] for row in rows_of(spool.finish())["reviews"]] == ["1", "3"]


def test_records_survive_to_the_next_holder(tmp_path: Path) -> None:
    with held(tmp_path) as spool:
        append(spool, 1)
    with held(tmp_path) as spool:
        append(spool, 2)
        assert [row[0] for row in rows_of(spool.finish())["reviews"]] == ["1", "2"]


def test_what_a_collector_has_left_is_finished_for_it(tmp_path: Path) -> None:
    assert finish_abandoned(tmp_path) == []
    with held(tmp_path) as spool:
        append(spool, 1)
    assert finish_abandoned(tmp_path) == ready(tmp_path)
    assert len(ready(tmp_path)) == 3
    assert finish_abandoned(tmp_path) == []


@pytest.mark.slow
def test_dying_at_any_moment_of_the_finish_neither_loses_nor_repeats(tmp_path: Path) -> None:
    line, died = 1, True
    while died:
        line += 3
        folder = tmp_path / str(line)
        with held(folder) as spool:
            append(spool, 1)
        died = dies(lambda folder=folder: finish_abandoned(folder), line)  # type: ignore[misc]
        with held(folder) as spool:
            append(spool, 2)
            spool.finish()
        assert [row[0] for row in rows_of(ready(folder))["reviews"]] == ["1", "2"], line
    assert line > 50


def test_what_a_running_collector_has_open_is_left_alone(tmp_path: Path) -> None:
    with held(tmp_path) as spool:
        append(spool, 1)
        assert finish_abandoned(tmp_path) == []
        assert ready(tmp_path) == []


def test_asking_for_what_was_left_makes_no_spool(tmp_path: Path) -> None:
    assert finish_abandoned(tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_a_second_holder_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with (
        held(tmp_path),
        pytest.raises(
            SpoolInUse, match=r"is in use by another collector or uploader; end that process.*--spool"
        ),
        held(tmp_path),
    ):
        pass


def test_a_file_system_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock that would be made instead outlives a collector that is killed: the spool could never be used again."""

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(SpoolError, match="cannot be used"), held(tmp_path):
        pass


def test_a_file_that_was_cut_is_noticed(spool: Spool) -> None:
    append(spool, 1)
    os.truncate(spool.folder / "open" / "users.csv", 20)
    with pytest.raises(
        SpoolError, match=r"users.csv has 20 bytes, expected at least the \d+ that were written"
    ):
        append(spool, 2)


def test_files_whose_state_is_lost_are_not_overwritten(tmp_path: Path) -> None:
    with held(tmp_path) as spool:
        append(spool, 1)
    before = (tmp_path / "open" / "users.csv").read_bytes()
    (tmp_path / "open" / "state.sqlite").unlink()
    with (
        pytest.raises(SpoolError, match=r"holds authors.csv, reviews.csv, users.csv, but lacks state.sqlite"),
        held(tmp_path),
    ):
        pass
    assert (tmp_path / "open" / "users.csv").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(SpoolError, match=r"cannot be used: .*Not a directory"),
        held(tmp_path / "file" / "spool"),
    ):
        pass


_FILL = """
import resource, sys
from pathlib import Path
from tests.capture.spool.test_spool import append, held
folder, disk, words = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with held(folder) as spool:
    append(spool, 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk))  # as if the disk ended there
    for number in range(2, 10_000):
        append(spool, number, "word " * words)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("disk", "words"),
    [
        pytest.param(300_000, 1, id="while the state is written"),
        pytest.param(6_000_000, 20_000, id="in a file"),
    ],
)
def test_a_full_disk_is_told_and_leaves_no_half_record(tmp_path: Path, disk: int, words: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FILL, tmp_path, str(disk), str(words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert "cannot be used" in done.stderr.splitlines()[-1]
    assert "make room" in done.stderr.splitlines()[-1]
    finish_abandoned(tmp_path)
    found = rows_of(ready(tmp_path))
    count = len(found["reviews"])
    assert count > 10
    assert sorted(int(row[0]) for row in found["reviews"]) == list(range(1, count + 1))
    assert (len(found["users"]), len(found["authors"])) == (count, count)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_fields_with_commas_quotes_and_line_ends_are_quoted() -> None:
    record = dict.fromkeys(AUTHORS.column_names, "") | {"author_id": "1", "name": 'Ann "A", jr.\nor so'}
    assert spool.lines(AUTHORS, [record]) == b'1,"Ann ""A"", jr.\nor so",,,,,,\r\n'


def test_the_header_is_the_catalogs() -> None:
    assert spool.header(AUTHORS) == (
        b"author_id,name,role,profile_url,average_rating,rating_count,text_review_count,record_create_timestamp\r\n"
    )


def test_a_record_that_lacks_a_column_is_refused() -> None:
    with pytest.raises(KeyError, match="name"):
        spool.lines(AUTHORS, [{"author_id": "1"}])


@given(st.lists(st.lists(_TEXT, min_size=8, max_size=8), max_size=5))
def test_what_is_written_is_read_back(rows: list[list[str]]) -> None:
    records = [dict(zip(AUTHORS.column_names, row, strict=True)) for row in rows]
    written = spool.lines(AUTHORS, records).decode()
    assert list(csv.reader(io.StringIO(written, newline=""), strict=True)) == rows
