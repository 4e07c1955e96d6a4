"""The first deployment to an account, rehearsed: `pipeline smoke --aws` with the real CDK CLI, to an endpoint instead of AWS."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from faker_tool.generate import generate
from local_cloud.cloudwatch import AlarmWatch, clusters_seen
from local_cloud.state import StateFolder
from operations.__main__ import app
from operations.smoke.parts import PARTS, Smoke
from operations.smoke.progress import Found
from stacks.compute.library_archive import ARCHIVE_KEY, LOCK
from tests.e2e.conftest import cdk, served

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SETTINGS = (f"{ARCHIVE_KEY}={LOCK}", "statement_poll_seconds=1", "alarm_email=night@example.org")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateFolder]:
    found = StateFolder(tmp_path_factory.mktemp("state"))
    with served(found):
        cdk(found.root, "bootstrap", "--bootstrap-customer-key")  # as docs/first-deployment.md says
        yield found


@contextmanager
def alarms_watched() -> Iterator[None]:
    """Alarms look at whole minutes; two minutes ahead of the clock they see at once what has just happened."""
    over, watch = threading.Event(), AlarmWatch(clusters_seen)

    def look() -> None:
        while not over.wait(0.5):
            watch.tick(datetime.now(UTC) + timedelta(minutes=2))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def smoke(folder: Path, data: Path) -> Result:
    context = [part for setting in SETTINGS for part in ("--context", setting)]
    command = ["smoke", str(data), "--aws", "--yes", "--name", "first", "--folder", str(folder), *context]
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, command)


def interrupted(_: Smoke) -> Found:
    raise KeyboardInterrupt


def test_a_smoke_test_that_is_interrupted_goes_on_and_leaves_nothing_behind(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path / "data", records=300)
    with monkeypatch.context() as patch:
        patch.setitem(PARTS, "land", interrupted)
        first = smoke(tmp_path, tmp_path / "data")
    assert first.exit_code == 130, first.output
    assert "`pipeline teardown --aws --with-data --name first` ends it" in first.stderr

    with alarms_watched():
        second = smoke(tmp_path, tmp_path / "data")

    assert second.exit_code == 0, second.output
    assert "deploy: done before" in second.output
    (path,) = tmp_path.glob("first/report-*.json")
    report: dict[str, Any] = json.loads(path.read_text())
    assert {part: each["outcome"] for part, each in report["parts"].items()} == dict.fromkeys(PARTS, "done")
    tables = {each["table"]: each for each in report["parts"]["compare"]["found"]["tables"]}
    assert tables["goodreads_warehouse.reviews"]["rows_there"] > 0
    assert tables["goodreads_analytics.best_books"]["rows_there"] > 0
    assert report["parts"]["alarm"]["found"]["said"].startswith("Successfully executed action arn:aws:sns:")
    assert report["cost"]["hours"] > 0
    left = boto3.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in left] == ["CDKToolkit"]
    assert [bucket for bucket in folder.buckets.iterdir() if bucket.name.startswith("first-")] == []
    assert boto3.client("redshift").describe_cluster_snapshots()["Snapshots"] == []
