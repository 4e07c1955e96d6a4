"""`upload`, as a person or a supervisor starts it."""

import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from capture.uploader.command import upload
from tests.capture.answered import answered
from tests.capture.uploader.zone import Zone, content, finish, finish_many
from tests.local_cloud.waiting import PATIENCE, until

app = typer.Typer()
app.command()(upload)


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """The command logs to a stderr that is gone after the test."""
    yield
    logging.getLogger("capture").handlers = []


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "300", "TERM": "dumb"}).invoke(app, [str(each) for each in arguments])


@contextmanager
def started(spool: Path, errors: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """An uploader of its own process, which ends with the test."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "capture",
        "upload",
        "--spool",
        spool,
        "--to",
        "s3://landing",
        "--every",
        "0.05",
    ]
    with errors.open("wb") as file, subprocess.Popen(command, stderr=file) as process:
        try:
            yield process
        finally:
            process.kill()


def test_once_uploads_what_is_ready_and_says_how_much(spool: Path, zone: Zone) -> None:
    files = finish_many(spool, 5)
    result = run("--spool", spool, "--to", "s3://landing/from/here", "--once")
    assert result.exit_code == 0
    assert "5 files uploaded, " in result.stderr
    assert zone.content() == {f"from/here/{key}": body for key, body in files.items()}


def test_the_answer_in_json_counts_what_has_landed(spool: Path, zone: Zone) -> None:
    finish_many(spool, 5)
    document, said, code = answered("upload", "--spool", spool, "--to", "s3://landing", "--once")
    landed = zone.content()
    assert code == 0
    assert document == {"files": len(landed), "bytes": sum(map(len, landed.values())), "failures": 0}
    assert said.count("uploaded reviews/") == 1


def test_the_answer_in_json_counts_failures_and_an_error_is_the_answer(spool: Path, zone: Zone) -> None:
    finish(spool, f"reviews/{'x' * 240}.csv")
    (zone.bucket / "reviews").write_text("an object in the place of a folder")
    failed = answered("upload", "--spool", spool, "--to", "s3://landing", "--once")
    assert (failed.document, failed.exit_code) == ({"files": 0, "bytes": 0, "failures": 1}, 1)
    refused = answered("upload", "--spool", spool, "--to", "s3://elsewhere", "--once")
    assert refused.exit_code == 1
    assert refused.document["error"].startswith("s3://elsewhere/: there is no such bucket; make it")
    assert refused.stderr == f"error: {refused.document['error']}\n"


def test_once_with_nothing_to_do_succeeds(spool: Path, zone: Zone) -> None:
    result = run("--spool", spool, "--to", "s3://landing", "--once")
    assert (result.exit_code, zone.content()) == (0, {})
    assert "0 files uploaded" in result.stderr


def test_once_without_the_bucket_fails_in_a_line(spool: Path, zone: Zone) -> None:
    finish(spool, "reviews/a.csv")
    zone.bucket.rmdir()
    result = run("--spool", spool, "--to", "s3://landing", "--once")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: s3://landing/: there is no such bucket; make it")
    assert set(content(spool / "ready")) == {"reviews/a.csv"}


def test_once_fails_if_a_file_could_not_be_landed(spool: Path, zone: Zone) -> None:
    finish(spool, f"reviews/{'x' * 240}.csv")
    (zone.bucket / "reviews").write_text("an object in the place of a folder")
    result = run("--spool", spool, "--to", "s3://landing", "--once")
    assert result.exit_code == 1
    assert "could not be landed in s3://landing/" in result.stderr


def test_once_without_the_spool_fails(tmp_path: Path, zone: Zone) -> None:
    result = run("--spool", tmp_path / "typo", "--to", "s3://landing", "--once")
    assert (result.exit_code, zone.content()) == (1, {})
    assert "typo; expected the folder that the collector was given as --spool" in result.stderr


@pytest.mark.parametrize(
    ("to", "complaint"),
    [
        ("landing", "'landing' is not an address like s3://bucket/prefix"),
        ("s3://", "'s3://' names no bucket; write it like s3://bucket/prefix"),
    ],
)
def test_a_text_that_is_not_an_address_is_refused(spool: Path, to: str, complaint: str) -> None:
    result = run("--spool", spool, "--to", to, "--once")
    assert result.exit_code == 2
    assert complaint in result.stderr


@pytest.mark.slow
def test_it_survives_an_outage_and_ends_with_0_on_sigterm(spool: Path, zone: Zone, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    zone.down()
    files = finish_many(spool, 5)
    with started(spool, errors) as process:
        until(lambda: "Could not connect" in errors.read_text())
        zone.up()
        until(lambda: zone.content() == files)
        until(lambda: content(spool / "ready") == {})
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert "takes files again, after" in errors.read_text()
    assert "5 files uploaded, " in errors.read_text().splitlines()[-1]


@pytest.mark.slow
def test_it_ends_with_0_on_sigterm_during_an_outage(spool: Path, zone: Zone, tmp_path: Path) -> None:
    zone.down()
    finish(spool, "reviews/a.csv")
    with started(spool, tmp_path / "errors") as process:
        until(lambda: "Could not connect" in (tmp_path / "errors").read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert set(content(spool / "ready")) == {"reviews/a.csv"}
