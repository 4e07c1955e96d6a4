"""What was captured is on the disk before it counts: the order of flushes, renames and commits, line by line.

The other tests kill processes, which loses nothing that was written. A machine that loses its power may lose whatever
was not flushed, in any order.
"""

import re
from pathlib import Path

import pytest

from capture.spool.spool import Spool, held
from tests.capture.spool.test_spool import append
from tests.disk import Disk, watched

DATASETS = ("authors", "reviews", "users")  # those with a record of the review


def told(disk: Disk) -> list[str]:
    """The events, with NAME in place of what makes the name of a finished file its own."""
    return [re.sub(r"[\dT-]{20}[0-9a-f]{32}", "NAME", event) for event in disk.told()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_records_are_flushed_before_the_commit_that_makes_them_count(folder: Path) -> None:
    with watched(folder.parent) as disk, held(folder) as spool:
        disk.told()
        append(spool, 1)
        assert told(disk) == [
            *(
                event
                for dataset in DATASETS
                for event in (
                    f"flush 2 lines in spool/open/{dataset}.csv",
                    "flush the names in spool/open",
                    "insert into open_files",
                )
            ),
            "commit",
        ]
        append(spool, 2)
        assert told(disk) == [
            *(
                event
                for dataset in DATASETS
                for event in (f"flush 3 lines in spool/open/{dataset}.csv", "insert into open_files")
            ),
            "commit",
        ]


def test_a_finished_file_is_flushed_and_its_new_name_too_before_the_old_one_is_forgotten(
    folder: Path,
) -> None:
    with watched(folder.parent) as disk, held(folder) as spool:
        append(spool, 1)
        spool.finish()
        append(spool, 2)
        disk.told()
        spool.finish()
        assert told(disk) == [
            "insert into finishing",  # a transaction of its own
            *(
                event
                for dataset in DATASETS
                for event in (
                    f"flush 2 lines in spool/open/{dataset}.csv",
                    f"rename spool/open/{dataset}.csv to spool/ready/{dataset}/NAME.csv",
                    f"flush the names in spool/ready/{dataset}",
                )
            ),
            "flush the names in spool/open",
            "delete from open_files",
            "delete from finishing",
            "commit",
        ]


def test_what_was_half_written_is_gone_before_anything_is_finished(folder: Path) -> None:
    with watched(folder.parent) as disk, held(folder) as spool:
        append(spool, 1)
        with (folder / "open" / "users.csv").open("ab") as file:
            file.write(b"4,half\n4,a rec")
        disk.told()
        spool.finish()
        assert "flush 2 lines in spool/open/users.csv" in told(disk)


def test_a_folder_that_is_made_keeps_its_name(folder: Path) -> None:
    with watched(folder.parent) as disk, held(folder) as spool:
        assert told(disk)[:4] == [
            "make spool",
            "flush the names in .",
            "make spool/open",
            "flush the names in spool",
        ]
        append(spool, 1)
        disk.told()
        spool.finish()
        events = [event for event in told(disk) if event.startswith(("make", "flush the names"))]
    assert events == [
        "make spool/ready",
        "flush the names in spool",
        *(
            event
            for dataset in DATASETS
            for event in (
                f"make spool/ready/{dataset}",
                "flush the names in spool/ready",
                f"flush the names in spool/ready/{dataset}",
            )
        ),
        "flush the names in spool/open",
    ]


def test_the_state_is_flushed_by_each_commit(spool: Spool) -> None:
    """Asked of the connection that the spool works with. 2 is FULL: NORMAL flushes a log only now and then."""
    assert spool.state.execute("pragma synchronous").fetchone() == (2,)
    assert spool.state.execute("pragma journal_mode").fetchone() == ("wal",)
