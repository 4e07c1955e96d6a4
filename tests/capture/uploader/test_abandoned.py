"""What a collector that died has left open is landed too; what a running one holds is not touched."""

from datetime import UTC, datetime
from pathlib import Path

from capture.collector.records import records_of
from capture.spool.spool import Spool, held
from capture.uploader.uploader import Uploader
from tests.capture.uploader.zone import Zone, content, finish


def capture(spool: Spool, review_id: int) -> None:
    """As the collector does; the review has neither a book nor an author."""
    with spool.state.transaction():
        now = datetime(2020, 2, 20, 2, 38, 16, tzinfo=UTC)
        spool.append(records_of({"id": str(review_id), "user": {"id": "2"}}, now), now)


def test_what_a_dead_collector_left_open_is_landed(uploader: Uploader, spool: Path, zone: Zone) -> None:
    with held(spool) as mine:
        capture(mine, 31)
        capture(mine, 32)
    uploader.upload_ready()
    assert sorted(key.partition("/")[0] for key in zone.content()) == ["reviews", "users"]
    (reviews,) = [body for key, body in zone.content().items() if key.startswith("reviews/")]
    assert [line.partition(b",")[0] for line in reviews.splitlines()] == [b"review_id", b"31", b"32"]
    assert content(spool / "ready") == {}


def test_what_a_running_collector_has_open_stays_open(uploader: Uploader, spool: Path, zone: Zone) -> None:
    with held(spool) as mine:
        capture(mine, 31)
        uploader.upload_ready()
        assert zone.content() == {}
        assert uploader.totals.failures == 0


def test_open_files_that_are_damaged_are_told_and_finished_ones_are_landed(
    uploader: Uploader, spool: Path, zone: Zone
) -> None:
    with held(spool) as mine:
        capture(mine, 31)
    (spool / "open" / "reviews.csv").write_bytes(b"cut")
    finish(spool, "reviews/a.csv")
    uploader.upload_ready()
    assert "reviews/a.csv" in zone.content()
    assert uploader.totals.failures == 1
    assert (spool / "open" / "reviews.csv").read_bytes() == b"cut"
