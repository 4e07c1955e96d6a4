"""While the landing zone cannot be used, files wait, and the operator reads one line."""

from pathlib import Path
from typing import Any

import pytest

from capture.stopping import Stop
from capture.uploader.uploader import Uploader
from landing.bucket import StoreError
from tests.capture.uploader.running import running
from tests.capture.uploader.zone import Zone, content, finish
from tests.local_cloud.waiting import until


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
