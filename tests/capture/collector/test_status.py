"""The collector's state in a line."""

import io

import pytest
from rich.console import Console

from capture.collector.backlog import Backlog
from capture.collector.collector import Collector, Limits
from capture.collector.feed import Feed
from capture.collector.source import Goodreads
from capture.collector.status import shown, summary
from capture.spool.spool import Spool
from capture.stopping import Stop


@pytest.fixture
def collector(source: Goodreads, spool: Spool, stop: Stop) -> Collector:
    feed = Feed(source, Backlog(spool.state), 60)
    return Collector(feed, spool, Limits(file_bytes=1000, file_age=60), stop)


def test_what_was_done_and_what_was_left_out(collector: Collector) -> None:
    collector.captured, collector.feed.gaps, collector.feed.outage = 1234, 2, "500"
    collector.feed.backlog.notice(["3", "2", "1"])
    collector.feed.backlog.gone("1", "404")
    assert summary(collector) == (
        "1,234 reviews captured, 2 waiting, 1 gone, 2 possible gaps, Goodreads does not answer"
    )


def test_on_a_terminal_the_line_is_kept_up_to_date(collector: Collector) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80)
    with shown(terminal) as changed:
        collector.captured = 7
        changed(collector)
    assert isinstance(terminal.file, io.StringIO)
    assert "7 reviews captured, 0 waiting" in terminal.file.getvalue()


def test_elsewhere_nothing_is_written(collector: Collector) -> None:
    file = io.StringIO()
    with shown(Console(file=file)) as changed:
        changed(collector)
    assert file.getvalue() == ""
