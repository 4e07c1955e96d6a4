"""`python -m capture follow`, as a process and as a person types it, and the README's commands for it."""

import io
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from capture.follower.command import follow, line, polite_rate, summary
from capture.follower.feeds import Feed
from capture.follower.follower import Follower, Limits
from capture.progress import shown
from capture.simulated import Fault, SimulatedGoodreads, simulated_goodreads
from capture.spool.spool import Spool
from capture.stopping import Stop
from stacks import ROOT
from tests.capture.answered import answered
from tests.capture.follower.shelves import FEED, Shelf, many
from tests.capture.spool.landed import ready, rows_of
from tests.local_cloud.waiting import PATIENCE, until

app = typer.Typer()
app.command()(follow)

ENVIRONMENT = {**os.environ, "GOODREADS_FEED_KEY": "s3cr3t"}


@pytest.fixture
def goodreads() -> Iterator[SimulatedGoodreads]:
    with simulated_goodreads(reviews=30, users=3, feed_page=5) as site:
        yield site


def command(spool: Path, url: str, *arguments: str) -> list[str]:
    where = ["--spool", str(spool), "--base-url", url, "--rate", "300", "--shelf", "#ALL#"]
    return [sys.executable, "-m", "capture", "follow", *where, *arguments]


def run(spool: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(spool, url, *arguments),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.mark.slow
def test_readers_of_the_command_line_and_of_a_file_are_followed_and_no_key_is_told(
    goodreads: SimulatedGoodreads, tmp_path: Path
) -> None:
    first, second, third = map(str, goodreads.readers)
    goodreads.private.update(map(int, (first, second)))
    file = tmp_path / "readers.txt"
    file.write_text(
        f"https://www.goodreads.com/review/list_rss/{second}?key=h1dden&shelf=%23ALL%23\n{third}\n"
    )
    spool = tmp_path / "spool"
    done = run(spool, goodreads.url, first, "--file", str(file), "--once")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "30 reviews captured from 3 shelves of 3 readers"
    assert {row[0] for row in rows_of(ready(spool))["reviews"]} == {
        str(each.id) for each in goodreads.published
    }
    assert {asked.parameters.get("key") for asked in goodreads.requests} == {"s3cr3t", "h1dden"}
    for path in spool.rglob("*"):
        if path.is_file():
            assert not re.search(rb"s3cr3t|h1dden", path.read_bytes())
    assert not re.search("s3cr3t|h1dden", done.stderr + done.stdout)
    again = run(spool, goodreads.url, first, "--file", str(file), "--once")
    assert again.stderr.splitlines()[-1] == "0 reviews captured from 3 shelves of 3 readers"


@pytest.mark.slow
def test_a_reader_who_has_left_makes_the_exit_code_1_and_is_told_without_the_key(
    goodreads: SimulatedGoodreads, tmp_path: Path
) -> None:
    first, second, _ = map(str, goodreads.readers)
    goodreads.gone.add(int(first))
    done = run(tmp_path, goodreads.url, first, second, "--once")
    assert done.returncode == 1
    assert f"reader {first}, shelf #ALL# cannot be read. " in done.stderr
    assert done.stderr.splitlines()[-1].endswith(" reviews captured from 2 shelves of 2 readers, 1 put off")
    assert "s3cr3t" not in done.stderr


@pytest.mark.slow
def test_the_answer_in_json_counts_what_was_spooled_and_says_which_shelves_could_not_be_read(
    goodreads: SimulatedGoodreads, tmp_path: Path
) -> None:
    first, second, third = map(str, goodreads.readers)
    goodreads.gone.add(int(first))
    where = ["--spool", tmp_path, "--base-url", goodreads.url, "--rate", 300, "--shelf", "#ALL#"]
    document, said, code = answered("follow", *where, first, second, third, "--once")
    assert code == 1
    (put_off,) = document.pop("put_off")
    assert document == {
        "readers": 3,
        "shelves": 3,
        "captured": len(rows_of(ready(tmp_path))["reviews"]),
        "captured_again": 0,
        "without_book": 0,
        "unread": 0,
        "unsettled": 0,
        "left_out": 0,
        "emptied": {},
    }
    assert (put_off["reader"], put_off["shelf"]) == (first, "#ALL#")
    assert f"reader {first}, shelf #ALL# cannot be read. {put_off['reason']}" in said


@pytest.mark.slow
def test_sigterm_finishes_what_is_open_and_a_second_follower_is_refused(
    goodreads: SimulatedGoodreads, tmp_path: Path
) -> None:
    reader = str(goodreads.readers[0])
    with subprocess.Popen(
        command(tmp_path, goodreads.url, reader, "--poll", "0.1s"), stderr=subprocess.PIPE, text=True
    ) as first:
        assert first.stderr is not None
        until(lambda: len(goodreads.requests) > 5)
        second = run(tmp_path, goodreads.url, reader, "--once")
        assert second.returncode == 1
        assert "is in use by another collector or uploader" in second.stderr
        first.send_signal(signal.SIGTERM)
        rest = first.stderr.read()
        assert first.wait(PATIENCE) == 0
    mine = [each for each in goodreads.published if str(each.user.id) == reader]
    assert rest.splitlines()[-1] == f"{len(mine)} reviews captured from 1 shelf of 1 reader"
    assert len(rows_of(ready(tmp_path))["reviews"]) == len(mine)


@pytest.mark.slow
def test_killed_over_and_over_among_failing_requests_it_captures_what_was_published(tmp_path: Path) -> None:
    with simulated_goodreads(reviews=60, users=2, feed_page=5) as site:
        # never five in a row: a reader who was put off would not be asked within the time of this test
        site.faults.script(*[Fault.SERVER_ERROR, None, Fault.RESET, None, Fault.BROKEN_XML, None] * 100)
        readers = list(map(str, site.readers))
        for more in (2, 5):
            asked = len(site.requests) + more
            with subprocess.Popen(
                command(tmp_path, site.url, *readers, "--poll", "0.2s", "--max-file-size", "3kB"),
                stderr=subprocess.DEVNULL,
            ) as process:
                until(lambda: len(site.requests) >= asked)  # noqa: B023 - before the next round
                process.kill()
            site.publish(5)
        run(
            tmp_path, site.url, *readers, "--once"
        )  # goes on with a look that began before the last reviews appeared
        done = run(tmp_path, site.url, *readers, "--once")
        assert done.returncode == 0, done.stderr
        captured = [row[0] for row in rows_of(ready(tmp_path))["reviews"]]
        assert sorted(captured) == sorted(str(review.id) for review in site.published)


def refusal(spool: Path, *arguments: str) -> str:
    """What the command, called in this process, says to arguments that are not right."""
    result = CliRunner(env={"COLUMNS": "400", "TERM": "dumb"}).invoke(
        app, ["--spool", str(spool), *arguments]
    )
    assert result.exit_code == 2
    assert list(spool.iterdir()) == []
    return result.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "there is nobody to follow"),
        (["1", "ann"], "argument 2: no reader; expected a number like 12345"),
        (["1", "--file", "/nowhere/readers.txt"], "/nowhere/readers.txt cannot be read"),
        (["1", "--poll", "soon"], "'soon' is not a span of time"),
        (["1", "--base-url", "goodreads.com"], "'goodreads.com' is not an http address"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_what_was_expected(
    tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    assert complaint in refusal(tmp_path, *arguments)


def test_an_address_with_a_key_is_refused_without_being_repeated(tmp_path: Path) -> None:
    said = refusal(tmp_path, "https://www.goodreads.com/review/list_rss/1?key=s3cr3t")
    assert "put the address into a file" in said
    assert "s3cr3t" not in said


@pytest.mark.parametrize(
    "written",
    [
        "12345 SEKRET",
        "12345,SEKRET",
        "12345\tSEKRET",
        "key = SEKRET",
        "key: SEKRET",
        "SEKRET",
        "https://www.goodreads.com/review/list_rss/12345/SEKRET",
        "https://www.goodreads.com/review/list_rss/12345?shelf=read SEKRET",
        "https://www.goodreads.com/review/list_rss/12345?shelf=read;key:SEKRET",
        "https://SEKRET/12345",
    ],
)
def test_no_line_of_a_file_and_no_argument_is_shown_for_it_may_be_a_key(tmp_path: Path, written: str) -> None:
    file = tmp_path / "readers.txt"
    file.write_text(f"# friends\n\n{written}\n")
    (spool := tmp_path / "spool").mkdir()
    of_file, of_argument = refusal(spool, "--file", str(file)), refusal(spool, "1", written)
    assert f"{file}, line 3: " in of_file
    assert "argument 2: " in of_argument
    assert "SEKRET" not in of_file + of_argument


@pytest.mark.parametrize(
    ("url", "rate"),
    [
        ("https://www.goodreads.com/", 1),
        ("https://goodreads.com/", 1),
        ("http://localhost.example/", 1),
        ("http://127.0.0.1:8085/", 100),
    ],
)
def test_only_a_site_on_this_machine_is_asked_fast(url: str, rate: float) -> None:
    assert polite_rate(url) == rate


@pytest.fixture
def follower(spool: Spool, stop: Stop) -> Follower:
    limits = Limits(poll=60, whole=60, file_bytes=1000, file_age=60)
    return Follower(Shelf({FEED: many(10)}), [FEED, Feed("7", "read")], spool, limits, stop)


def test_what_was_done_and_what_is_wrong(follower: Follower) -> None:
    totals = follower.totals
    totals.captured, totals.again, totals.unread, totals.unsettled = 1234, 5, 2, 1
    totals.without_book = 4
    follower.troubles[FEED] = "private"
    follower.possible.left_out = 3
    follower.possible.emptied.add("books.published", "20176")
    assert summary(follower, 2000) == (
        "1,234 reviews captured from 2 shelves of 2 readers, 5 of them because they had changed, "
        "reviews without the title of their book: 4, 1 put off, "
        "reviews that could not be read: 2, shelves that changed all the time: 1, 2.0 kB open, "
        "3 records left out for an impossible key, 1 impossible value became empty: books.published 1 ('20176')"
    )


def test_on_a_terminal_the_line_is_kept_up_to_date_and_elsewhere_nothing_is_written(
    follower: Follower,
) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80)
    with shown(terminal, line) as changed:
        follower.totals.captured = 7
        changed(follower)
    assert isinstance(terminal.file, io.StringIO)
    assert "7 reviews captured from 2 shelves" in terminal.file.getvalue()
    file = io.StringIO()
    with shown(Console(file=file), line) as changed:
        changed(follower)
    assert file.getvalue() == ""


ENDS = {"follow": ["--once", "--rate", "300"], "collect": ["--reviews", "3", "--rate", "300"]}
"""What is added to a command of the README so that it ends, and soon."""


@pytest.mark.slow
def test_the_readmes_commands_for_a_simulated_goodreads_work_as_they_stand(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (simulate,) = re.findall(r"^python (-m capture simulate [^#\n]*)", readme, re.MULTILINE)
    shown_ = re.findall(
        r"^python (-m capture (\w+) .*--base-url http://127.0.0.1:8085/.*)$", readme, re.MULTILINE
    )
    last_lines = []
    site = [sys.executable, *shlex.split(simulate.replace("8085", "0"))]
    with subprocess.Popen(site, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().split()[4]
            for arguments, name in shown_:
                here = arguments.replace("http://127.0.0.1:8085/", url).replace(
                    "--spool spool", f"--spool {tmp_path}"
                )
                done = subprocess.run(
                    [sys.executable, *shlex.split(here), *ENDS[name]],
                    cwd=ROOT,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=PATIENCE,
                )
                assert done.returncode == 0, done.stderr
                last_lines.append(done.stderr.splitlines()[-1])
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()
    followed, collected = last_lines
    assert followed.endswith(" from 2 shelves of 2 readers")
    assert collected.startswith("3 reviews captured, ")
