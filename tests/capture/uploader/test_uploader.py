"""Finished files reach the landing zone once, whatever happens on the way."""

import threading
from pathlib import Path
from typing import Any

import pytest

from capture.errors import SpoolError
from capture.stopping import Stop
from capture.uploader.landing_zone import Landing
from capture.uploader.ready import claim
from capture.uploader.uploader import Uploader
from landing.errors import StoreError
from tests.capture.uploader.running import running
from tests.capture.uploader.zone import Zone, content, finish, finish_many
from tests.local_cloud.waiting import until


def test_finished_files_are_landed_under_their_paths_and_leave_the_spool(
    uploader: Uploader, spool: Path, zone: Zone
) -> None:
    files = finish_many(spool, 8)
    uploader.upload_ready()
    assert zone.content() == files
    assert content(spool / "ready") == {}
    assert (uploader.totals.files, uploader.totals.bytes) == (8, sum(map(len, files.values())))


def test_a_file_that_another_uploader_has_is_left_to_it(uploader: Uploader, spool: Path, zone: Zone) -> None:
    finish(spool, "reviews/a.csv")
    finish(spool, "reviews/b.csv")
    with claim(spool / "ready" / "reviews" / "a.csv"):
        uploader.upload_ready()
    assert set(zone.content()) == {"reviews/b.csv"}
    assert set(content(spool / "ready")) == {"reviews/a.csv"}
    assert uploader.totals.failures == 0


@pytest.mark.slow
def test_several_uploaders_share_the_files_and_upload_each_once(spool: Path, zone: Zone, stop: Stop) -> None:
    files = finish_many(spool, 40)
    uploaders = [Uploader(spool, Landing.at("s3://landing"), stop) for _ in range(4)]
    threads = [threading.Thread(target=each.upload_ready) for each in uploaders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert zone.content() == files
    assert sum(each.totals.files for each in uploaders) == 40


def test_what_becomes_ready_later_is_uploaded_too(
    uploader: Uploader, stop: Stop, spool: Path, zone: Zone
) -> None:
    with running(uploader, stop):
        for key in ("reviews/a.csv", "users/b.csv"):
            finish(spool, key)
            until(lambda key=key: key in zone.content())  # type: ignore[misc]
    assert content(spool / "ready") == {}


def test_a_file_that_cannot_be_landed_does_not_hold_the_others_up(
    uploader: Uploader, spool: Path, zone: Zone, log: pytest.LogCaptureFixture
) -> None:
    (zone.bucket / "reviews" / "a.csv").mkdir(parents=True)  # an object cannot be where there is a folder
    finish(spool, "reviews/a.csv")
    finish(spool, "reviews/b.csv")
    for _ in range(3):
        uploader.upload_ready()
    assert set(zone.content()) == {"reviews/b.csv"}
    assert set(content(spool / "ready")) == {"reviews/a.csv"}
    assert log.text.count("reviews/a.csv could not be landed in s3://landing/") == 1
    assert uploader.totals.failures == 3


def test_strange_things_are_told_once_and_left_where_they_are(
    uploader: Uploader, spool: Path, zone: Zone, log: pytest.LogCaptureFixture
) -> None:
    (spool / "ready" / "reviews").mkdir()
    (spool / "ready" / "reviews" / "notes.txt").write_text("mine")
    for _ in range(3):
        uploader.upload_ready()
    assert zone.content() == {}
    assert content(spool / "ready") == {"reviews/notes.txt": b"mine"}
    assert log.text.count("notes.txt is a file that is left alone") == 1


def test_a_spool_that_is_not_there_is_told(
    tmp_path: Path, stop: Stop, zone: Zone, log: pytest.LogCaptureFixture
) -> None:
    uploader = Uploader(tmp_path / "typo", Landing.at("s3://landing"), stop)
    uploader.upload_ready()
    assert uploader.totals.failures == 1
    assert "typo; expected the folder that the collector was given as --spool" in log.text
    assert zone.content() == {}


def test_a_file_that_was_uploaded_and_cannot_be_removed_ends_the_uploader(
    uploader: Uploader, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(spool, "reviews/a.csv")

    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.is_relative_to(spool):
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(SpoolError, match="cannot be removed: Permission denied; let this user write"):
        uploader.upload_ready()


def test_a_stop_ends_a_pass_after_the_current_file(
    uploader: Uploader, stop: Stop, spool: Path, zone: Zone
) -> None:
    finish_many(spool, 8)

    def ask(**_: Any) -> None:
        stop.set()

    uploader._landing.s3.meta.events.register("before-call.s3.PutObject", ask)  # noqa: SLF001 - in the middle of an upload
    uploader.keep_uploading(every=60)
    assert len(zone.content()) == 1
    assert len(content(spool / "ready")) == 7


def test_an_outage_is_told_once_and_its_end_once_and_loses_nothing(
    uploader: Uploader, stop: Stop, spool: Path, zone: Zone, log: pytest.LogCaptureFixture
) -> None:
    first = finish(spool, "reviews/a.csv")
    with running(uploader, stop):
        until(lambda: "reviews/a.csv" in zone.content())
        zone.down()
        second = finish(spool, "reviews/b.csv")
        until(lambda: "Could not connect" in log.text)
        zone.up()
        until(lambda: "takes files again" in log.text)
        until(lambda: "reviews/b.csv" in zone.content())
    assert zone.content() == {"reviews/a.csv": first, "reviews/b.csv": second}
    assert [record.message.split(":")[0] for record in log.records if record.levelname == "WARNING"] == ["s3"]
    assert log.text.count("takes files again") == 1


def test_many_tries_during_an_outage_make_one_line(
    uploader: Uploader, stop: Stop, spool: Path, zone: Zone, log: pytest.LogCaptureFixture
) -> None:
    tries = 0

    def count(**_: Any) -> None:
        nonlocal tries
        tries += 1

    zone.bucket.rmdir()
    finish(spool, "reviews/a.csv")
    uploader._landing.s3.meta.events.register("before-call.s3", count)  # noqa: SLF001 - the tries are seen nowhere else
    with running(uploader, stop):
        until(lambda: tries > 4)
    assert log.text.count("there is no such bucket; make it, or deploy") == 1
    assert "takes files again" not in log.text
    assert set(content(spool / "ready")) == {"reviews/a.csv"}


def test_an_outage_of_another_kind_is_told_anew(
    uploader: Uploader, stop: Stop, zone: Zone, log: pytest.LogCaptureFixture
) -> None:
    zone.bucket.rmdir()
    with running(uploader, stop):
        until(lambda: "there is no such bucket" in log.text)
        zone.down()
        until(lambda: "Could not connect" in log.text)


def test_one_try_in_an_outage_raises_what_is_wrong(uploader: Uploader, spool: Path, zone: Zone) -> None:
    finish(spool, "reviews/a.csv")
    zone.bucket.rmdir()
    with pytest.raises(StoreError, match="there is no such bucket"):
        uploader.upload_ready()
    assert set(content(spool / "ready")) == {"reviews/a.csv"}
