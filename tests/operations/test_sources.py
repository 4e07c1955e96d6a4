"""Where the files of a run come from."""

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from capture.follower import command, reading
from capture.follower.feeds import GOODREADS
from capture.simulated import SimulatedGoodreads, simulated_goodreads
from capture.spool.spool import held
from catalog import DATASETS
from landing.errors import StoreError
from operations.__main__ import app
from operations.errors import OperationError
from operations.sources import Source
from operations.terminal import console
from tests.capture.library.exports import EARTHSEA, SHELVED, write_export

KEPT = Path("nothing is kept here")


@pytest.fixture(autouse=True)
def plain_answers() -> None:
    """Another test of this process may have asked for JSON."""
    console.choose(as_json=False)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_export(tmp_path / "goodreads_library_export.csv", [EARTHSEA, SHELVED])


def source(
    *,
    data: Path | None = None,
    library: Path | None = None,
    user: str | None = None,
    size: int = 100_000,
    follow: Sequence[str] = (),
    goodreads: str = GOODREADS,
    user_id: int | None = None,
) -> Source:
    return Source(
        data=data,
        library=library,
        user=user,
        size=size,
        follow=follow,
        goodreads=goodreads,
        user_id=user_id,
    )


@pytest.fixture
def site() -> Iterator[SimulatedGoodreads]:
    with simulated_goodreads(reviews=20, users=2) as site:
        yield site


def test_shelves_become_files_of_each_dataset(
    tmp_path: Path, site: SimulatedGoodreads, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = site.readers
    followed = source(follow=[f"{first}, https://www.goodreads.com/user/show/{second}"], goodreads=site.url)
    folder = followed.files(tmp_path / "scratch", tmp_path / "scratch-kept")
    assert folder
    assert sorted(path.parent.name for path in folder.rglob("*.csv")) == sorted(
        each.name for each in DATASETS
    )
    assert "reviews captured from 2 shelves of 2 readers" in capsys.readouterr().out


def review_ids(folder: Path) -> list[str]:
    return [
        line.split(",")[0].strip('"')
        for path in (folder / "reviews").iterdir()
        for line in path.read_text().splitlines()[1:]
    ]


@pytest.mark.slow
def test_a_run_after_another_gets_what_has_changed_and_nothing_else(
    tmp_path: Path, site: SimulatedGoodreads, capsys: pytest.CaptureFixture[str]
) -> None:
    followed = source(follow=[str(site.readers[0])], goodreads=site.url)
    first = followed.files(tmp_path, tmp_path / "kept")
    assert first
    captured = review_ids(first)
    followed.landed(first)
    assert followed.files(tmp_path, tmp_path / "kept") is None
    assert "nothing on the shelves has changed since the last run" in capsys.readouterr().out
    (review,) = (each for each in site.published if str(each.id) == captured[-1])
    site.change(review.id, rating=(review.rating + 1) % 6)
    second = followed.files(tmp_path, tmp_path / "kept")
    assert second
    assert review_ids(second) == captured[-1:]
    assert (
        "1 review captured from 1 shelf of 1 reader, 1 of them because they had changed"
        in capsys.readouterr().out
    )


def test_what_a_run_captured_and_did_not_land_is_landed_by_the_next(
    tmp_path: Path, site: SimulatedGoodreads
) -> None:
    followed = source(follow=[str(site.readers[0])], goodreads=site.url)
    captured = followed.files(tmp_path, tmp_path / "kept")
    assert captured
    whole = review_ids(captured)
    assert followed.files(tmp_path, tmp_path / "kept") == captured
    assert review_ids(captured) == whole


def test_two_runs_do_not_follow_at_once(
    tmp_path: Path, site: SimulatedGoodreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_HANDOVER_SECONDS", 0)
    followed = source(follow=[str(site.readers[0])], goodreads=site.url)
    followed.files(tmp_path, tmp_path)
    (spool,) = tmp_path.iterdir()
    with held(spool), pytest.raises(OperationError, match="another run reads shelves"):
        followed.files(tmp_path, tmp_path)


@pytest.mark.slow
def test_another_site_or_pipeline_has_a_memory_of_its_own(tmp_path: Path, site: SimulatedGoodreads) -> None:
    other_site = site.url.replace("127.0.0.1", "localhost")
    assert other_site != site.url
    for url, kept in ((site.url, "one"), (other_site, "one"), (site.url, "other")):
        followed = source(follow=[str(site.readers[0])], goodreads=url)
        files = followed.files(tmp_path, tmp_path / kept)
        assert files
        followed.landed(files)


def test_shelves_that_were_first_followed_long_ago_have_a_window_that_holds_their_reviews(
    tmp_path: Path, site: SimulatedGoodreads
) -> None:
    followed = source(follow=[str(site.readers[0])], goodreads=site.url)
    followed.files(tmp_path, tmp_path)
    assert followed.window_start(tmp_path) is None
    (state,) = tmp_path.glob("*/open/state.sqlite")
    old = datetime.now(UTC) - timedelta(days=31)
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute(
            "update followed_reviews set version = ? where review_id = (select min(review_id) from followed_reviews)",
            (f"{old:%Y-%m-%d %H:%M:%S.%f}",),
        )
    assert followed.window_start(tmp_path) == f"{old:%Y-%m-%d}"


def test_a_reader_who_cannot_be_read_is_told_and_keeps_nobody_else_out(
    tmp_path: Path,
    site: SimulatedGoodreads,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    site.private.add(site.readers[1])
    source(follow=[*map(str, site.readers)], goodreads=site.url).files(
        tmp_path / "scratch", tmp_path / "scratch-kept"
    )
    assert f"reader {site.readers[1]}, shelf read could not be read: " in capsys.readouterr().err
    assert "tried again" not in caplog.text


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        ("7", "there is no such reader"),
        ("ann", "--follow, name 1: no reader; expected a number"),
        ("https://www.goodreads.com/author/show/7", "name 1: not the address of a reader"),
    ],
)
def test_without_a_readable_shelf_there_is_no_run(
    tmp_path: Path, site: SimulatedGoodreads, reader: str, told: str
) -> None:
    with pytest.raises(OperationError, match=told):
        source(follow=[reader], goodreads=site.url).files(tmp_path / "scratch", tmp_path / "scratch-kept")


@pytest.mark.parametrize(
    "given",
    ["1 SEKRET", "1,SEKRET", "1 key: SEKRET", "1 https://www.goodreads.com/review/list_rss/12345/SEKRET"],
)
def test_what_names_no_reader_is_not_shown_for_it_may_be_a_key(tmp_path: Path, given: str) -> None:
    with pytest.raises(OperationError, match="--follow, name 2: no reader") as failure:
        source(follow=[given]).files(tmp_path / "scratch", tmp_path / "kept")
    assert "SEKRET" not in str(failure.value)


def test_while_shelves_are_read_their_readers_are_shown_by_number(
    tmp_path: Path, site: SimulatedGoodreads, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = site.readers[0]
    source(follow=[f"{reader}-SEKRET"], goodreads=site.url).files(tmp_path / "scratch", tmp_path / "kept")
    shown = "".join(capsys.readouterr())
    assert f"reading the shelves of {reader}" in shown
    assert "SEKRET" not in shown


def test_an_empty_shelf_and_a_site_that_does_not_answer_are_told(tmp_path: Path) -> None:
    with (
        simulated_goodreads(users=1) as site,
        pytest.raises(OperationError, match="shelf read is empty"),
    ):
        source(follow=[str(site.readers[0])], goodreads=site.url).files(
            tmp_path / "scratch", tmp_path / "scratch-kept"
        )
    with pytest.raises(OperationError, match=r"reader 7, shelf read: .*Connection refused"):
        source(follow=["7"], goodreads="http://localhost:1/").files(
            tmp_path / "other", tmp_path / "other-kept"
        )


def test_reviews_that_cannot_be_read_are_counted_once_and_are_no_empty_shelf(
    tmp_path: Path,
    site: SimulatedGoodreads,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reader = str(site.readers[0])
    source(follow=[reader], goodreads=site.url).files(tmp_path / "read", tmp_path / "read-kept")
    (mine,) = re.findall(r"(\d+) reviews? captured", capsys.readouterr().out)
    monkeypatch.setattr(reading, "_REVIEW_ID", re.compile("(no id)"))
    told = f"reader {reader}, shelf read: expected reviews, found {mine} that cannot be read; "
    with pytest.raises(OperationError, match=told) as failure:
        source(follow=[reader], goodreads=site.url).files(tmp_path / "scratch", tmp_path / "scratch-kept")
    assert "is empty" not in str(failure.value)


def test_a_library_export_becomes_files_of_each_dataset(
    tmp_path: Path, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = source(library=export, user="Ann").files(tmp_path / "scratch", tmp_path / "scratch-kept")
    assert folder
    assert sorted(path.parent.name for path in folder.rglob("*.csv")) == sorted(
        each.name for each in DATASETS
    )
    told = capsys.readouterr().out
    assert "goodreads_library_export.csv: 2 rows: 2 books" in told
    assert "All readers called Ann are one user" in told


def test_the_number_of_a_reader_tells_readers_of_one_name_apart(
    tmp_path: Path, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = source(library=export, user="Ann", user_id=7)
    folder = given.files(tmp_path, tmp_path / "kept")
    assert folder
    assert (folder / "users" / "library-7-000000001.csv").is_file()
    assert "one user" not in capsys.readouterr().out
    assert given.arguments(100_000) == ["--library", str(export), "--user", "Ann", "--user-id", "7"]


def test_an_export_of_the_last_days_needs_no_window(export: Path) -> None:
    assert source(library=export, user="Ann").window_start(KEPT) is None


def test_an_older_export_has_a_window_that_begins_with_its_day(export: Path) -> None:
    old = datetime.now(UTC) - timedelta(days=31)
    os.utime(export, (old.timestamp(), old.timestamp()))
    assert source(library=export, user="Ann").window_start(KEPT) == f"{old:%Y-%m-%d}"


def test_other_sources_have_the_usual_window(tmp_path: Path) -> None:
    assert source().window_start(KEPT) is source(data=tmp_path).window_start(KEPT) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"data": Path("folder"), "library": Path("export.csv"), "user": "Ann"}, "expected one of them"),
        ({"library": Path("export.csv")}, "--library needs the name"),
        ({"library": Path("export.csv"), "user": "  "}, "--library needs the name"),
        ({"user": "Ann"}, "--user and --user-id go with --library FILE"),
        ({"user_id": 7}, "--user and --user-id go with --library FILE"),
        ({"data": Path("folder"), "follow": ["1"]}, "found the folder folder and --follow, expected one of"),
        ({"library": Path("e.csv"), "user": "Ann", "follow": ["1"]}, "found --library e.csv and --follow"),
        ({"follow": [""]}, "--follow names nobody"),
        ({"follow": ["www.goodreads.com/1?shelf=read&amp;key=s3cr3t"]}, "set GOODREADS_FEED_KEY"),
        ({"follow": ["https://www.goodreads.com/review/list_rss/1?key=s3cr3t"]}, "set GOODREADS_FEED_KEY"),
    ],
)
def test_what_does_not_fit_together_is_a_usage_error(given: dict[str, Any], told: str) -> None:
    with pytest.raises(typer.BadParameter, match=told):
        source(**given)


def test_the_command_refuses_a_reader_without_an_export(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["run", "--user", "Ann", "--state", str(tmp_path / "state")])
    assert result.exit_code == 2
    assert not (tmp_path / "state").exists()


def test_the_environment_names_the_site_and_a_run_without_a_shelf_puts_up_nothing(tmp_path: Path) -> None:
    arguments = ["run", "--follow", "7", "--state", str(tmp_path / "state")]
    result = CliRunner(env={"GOODREADS_URL": "http://localhost:1/"}).invoke(app, arguments)
    assert result.exit_code == 1
    assert "http://localhost:1/review/list_rss/7: no connection; is this machine on the network?" in " ".join(
        result.stderr.split()
    )
    assert not (tmp_path / "state" / "buckets").exists()


def test_a_file_that_is_no_export_is_told_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(OperationError, match=r"no library export of Goodreads.*download the file again"):
        source(library=path, user="Ann").files(tmp_path / "scratch", tmp_path / "scratch-kept")
    with pytest.raises(
        OperationError,
        match=r"cannot be read: No such file or directory\. Expected the file that Goodreads makes",
    ):
        source(library=tmp_path / "missing.csv", user="Ann").files(
            tmp_path / "scratch", tmp_path / "scratch-kept"
        )


def test_an_export_without_a_book_is_no_run(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.csv", [])
    with pytest.raises(OperationError, match="has no book that can be read"):
        source(library=path, user="Ann").files(tmp_path / "scratch", KEPT)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no files"):
        source(data=tmp_path).files(tmp_path / "scratch", tmp_path / "scratch-kept")


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        (source(), []),
        (source(size=5), ["--size", "5"]),
        (source(data=Path("folder")), ["folder"]),
        (source(library=Path("e.csv"), user="Ann"), ["--library", "e.csv", "--user", "Ann"]),
        (source(follow=["1 2", "3"]), ["--follow", "1", "--follow", "2", "--follow", "3"]),
        (
            source(follow=["1"], goodreads="http://localhost:1/"),
            ["--follow", "1", "--goodreads", "http://localhost:1/"],
        ),
    ],
)
def test_the_source_is_told_as_it_was_given(given: Source, arguments: list[str]) -> None:
    assert given.arguments(100_000) == arguments
