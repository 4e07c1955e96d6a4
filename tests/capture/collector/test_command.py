"""`python -m capture collect`, as a process, and its state in a line."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from capture.collector.backlog import Backlog
from capture.collector.collector import Collector, Feed, Limits
from capture.collector.command import collect, summary
from capture.collector.goodreads import Goodreads
from capture.progress import shown
from capture.simulated import Fault, SimulatedGoodreads
from capture.spool.spool import Spool, held
from capture.stopping import Stop
from tests.capture.answered import answered
from tests.capture.spool.landed import ready, rows_of
from tests.local_cloud.waiting import PATIENCE, until

app = typer.Typer()
app.command()(collect)

QUICK = ["--rate", "300", "--poll", "0.2s"]


def command(spool: Path, url: str, *options: str) -> list[str]:
    return [
        *[sys.executable, "-m", "capture", "collect", "--spool", str(spool), "--base-url", url],
        *[*QUICK, *options],
    ]


def run(spool: Path, url: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(spool, url, *options),
        env={**os.environ, "GOODREADS_KEY": "s3cr3t"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.mark.slow
def test_it_captures_and_says_what_it_has_done(goodreads: SimulatedGoodreads, tmp_path: Path) -> None:
    done = run(tmp_path / "spool", goodreads.url.rstrip("/"), "--reviews", "5")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "5 reviews captured, 0 waiting"
    assert "5 new reviews in the feed" in done.stderr
    assert len(rows_of(ready(tmp_path / "spool"))["reviews"]) == 5
    assert {asked.parameters["key"] for asked in goodreads.requests} == {"s3cr3t"}
    assert "s3cr3t" not in done.stderr + done.stdout


@pytest.mark.slow
def test_its_last_line_says_how_many_impossible_values_became_empty(
    goodreads: SimulatedGoodreads, tmp_path: Path
) -> None:
    goodreads.faults.script(None, Fault.IMPOSSIBLE_VALUES)
    done = run(tmp_path, goodreads.url, "--reviews", "5")
    assert done.returncode == 0, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "5 reviews captured, 0 waiting, 9 impossible values became empty: books.num_pages 1 ('-1'), "
    )
    assert "books.publication_year 1 ('20176')" in last
    assert "reviews.review_votes 1 ('-3')" in last


@pytest.mark.slow
def test_its_answer_in_json_counts_what_it_has_spooled(
    goodreads: SimulatedGoodreads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOODREADS_KEY", "s3cr3t")
    goodreads.faults.script(None, Fault.IMPOSSIBLE_VALUES)
    where = ["--spool", tmp_path, "--base-url", goodreads.url]
    document, said, code = answered("collect", *where, *QUICK, "--reviews", 4)
    assert code == 0
    emptied = document.pop("emptied")
    assert document == {
        "captured": len(rows_of(ready(tmp_path))["reviews"]),
        "waiting": 1,
        "gone": 0,
        "given_up": 0,
        "possible_gaps": 0,
        "outage": None,
        "left_out": 0,
    }
    assert emptied["books.num_pages"] == {"count": 1, "first": "-1"}
    assert sum(each["count"] for each in emptied.values()) == said.count("it becomes empty")
    assert "5 new reviews in the feed" in said


def test_its_errors_in_json_are_those_that_it_says(
    goodreads: SimulatedGoodreads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOODREADS_KEY", raising=False)
    wrong = answered("collect", "--spool", tmp_path)
    assert wrong.exit_code == 2
    assert wrong.document["error"].startswith("Invalid value for --key: there is no key; set GOODREADS_KEY")
    goodreads.faults.script(Fault.REFUSED_KEY)
    refused = answered("collect", "--spool", tmp_path, "--base-url", goodreads.url, "--key", "any", *QUICK)
    assert refused.exit_code == 1
    assert refused.stderr == f"error: {refused.document['error']}\n"


def refusal(spool: Path, *options: str) -> str:
    """What the command, called in this process, says to options that are not right."""
    result = CliRunner(env={"COLUMNS": "300", "TERM": "dumb"}).invoke(app, ["--spool", str(spool), *options])
    assert result.exit_code == 2
    assert list(spool.iterdir()) == []
    return result.stderr


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_it_says_how_to_go_on_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.delenv("GOODREADS_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("GOODREADS_KEY", key)
    said = refusal(tmp_path)
    assert "GOODREADS_KEY" in said
    assert "python -m capture simulate" in said


@pytest.mark.slow
def test_a_refused_key_ends_it_with_a_line_that_says_what_to_do(
    goodreads: SimulatedGoodreads, tmp_path: Path
) -> None:
    goodreads.faults.script(Fault.REFUSED_KEY)
    done = run(tmp_path, goodreads.url)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: Goodreads refused the key at ")
    assert "'Invalid API key.'" in line
    assert "s3cr3t" not in line


@pytest.mark.slow
def test_sigterm_finishes_what_is_open_and_a_second_collector_is_refused(
    goodreads: SimulatedGoodreads, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [*command(tmp_path, goodreads.url), "--key", "any"], stderr=subprocess.PIPE, text=True
    ) as first:
        assert first.stderr is not None
        assert "5 new reviews in the feed" in first.stderr.readline()  # it holds the spool
        second = run(tmp_path, goodreads.url)
        assert second.returncode == 1
        assert "is in use by another collector or uploader" in second.stderr
        until(lambda: sum("id" in asked.parameters for asked in goodreads.requests) == 5)
        first.send_signal(signal.SIGTERM)
        rest = first.stderr.read()
        assert first.wait(PATIENCE) == 0
    assert rest.splitlines()[-1] == "5 reviews captured, 0 waiting"
    assert len(rows_of(ready(tmp_path))["reviews"]) == 5


@pytest.mark.slow
def test_while_nobody_answers_it_says_so_once_and_goes_on(tmp_path: Path) -> None:
    done = run(tmp_path, "http://localhost:1/", "--for", "1s")
    assert done.returncode == 0
    assert done.stderr.count("Goodreads does not answer") == 2  # when it was noticed, and in the summary
    assert "Connection refused" in done.stderr
    assert "s3cr3t" not in done.stderr


@pytest.mark.slow
def test_reviews_that_were_given_up_are_asked_for_again_on_demand(
    goodreads: SimulatedGoodreads, tmp_path: Path
) -> None:
    with held(tmp_path) as spool:
        backlog = Backlog(spool.state)
        backlog.notice([str(review.id) for review in reversed(goodreads.published)])
        for _ in range(10):
            backlog.postpone(str(goodreads.published[0].id), "500", now=0)
    left_out = run(tmp_path, goodreads.url, "--reviews", "4")
    assert left_out.stderr.splitlines()[-1] == "4 reviews captured, 0 waiting, 1 given up"
    done = run(tmp_path, goodreads.url, "--reviews", "1", "--again")
    assert done.stderr.splitlines()[0] == "1 review that was given up is tried again"
    assert done.stderr.splitlines()[-1] == "1 review captured, 0 waiting"


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--poll", "soon", "'soon' is not a span of time"),
        ("--for", "0s", "'0s' is not a span of time"),
        ("--max-file-size", "1GBx", "'1GBx' is not a size"),
        ("--base-url", "goodreads.com", "'goodreads.com' is not an http address"),
        ("--rate", "0", "should be greater than or equal to 0.001"),
    ],
)
def test_a_bad_option_is_refused_with_what_was_expected(
    tmp_path: Path, option: str, value: str, complaint: str
) -> None:
    assert complaint in refusal(tmp_path, "--key", "any", option, value)


@pytest.fixture
def collector(source: Goodreads, spool: Spool, stop: Stop) -> Collector:
    feed = Feed(source, Backlog(spool.state), 60)
    return Collector(feed, spool, Limits(file_bytes=1000, file_age=60), stop)


def test_what_was_done_and_what_was_left_out(collector: Collector) -> None:
    collector.captured, collector.feed.gaps, collector.feed.outage = 1234, 2, "500"
    collector.feed.backlog.notice(["3", "2", "1"])
    collector.feed.backlog.gone("1", "404")
    collector.possible.left_out = 3
    collector.possible.emptied.add("reviews.review_votes", "-3")
    assert summary(collector) == (
        "1,234 reviews captured, 2 waiting, 1 gone, 2 possible gaps, Goodreads does not answer, "
        "3 records left out for an impossible key, 1 impossible value became empty: reviews.review_votes 1 ('-3')"
    )


def test_on_a_terminal_the_line_is_kept_up_to_date(collector: Collector) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80)
    with shown(terminal, summary) as changed:
        collector.captured = 7
        changed(collector)
    assert isinstance(terminal.file, io.StringIO)
    assert "7 reviews captured, 0 waiting" in terminal.file.getvalue()


def test_elsewhere_nothing_is_written(collector: Collector) -> None:
    file = io.StringIO()
    with shown(Console(file=file), summary) as changed:
        changed(collector)
    assert file.getvalue() == ""
