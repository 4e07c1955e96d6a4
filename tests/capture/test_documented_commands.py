"""The commands that the documentation shows are commands with options that they have, and they work."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from capture.__main__ import app
from capture.simulated import SimulatedGoodreads, simulated_goodreads
from catalog import DATASETS
from stacks import ROOT
from tests.capture.goodbooks import made_up as goodbooks
from tests.capture.library.exports import EARTHSEA, write_export
from tests.capture.ucsd.made_up import AUTHOR, BOOK, REVIEW, write_dump
from tests.capture.uploader.zone import Zone
from tests.local_cloud.waiting import PATIENCE

PAGES = [ROOT / "README.md", ROOT / "docs" / "capture.md"]
SHOWN = [
    (command, options)
    for page in PAGES
    for command, options in re.findall(
        r"python -m capture ([a-z-]+)([^#\n`|]*)", page.read_text(encoding="utf-8")
    )
]


def help_of(command: str) -> str:
    result = CliRunner(env={"COLUMNS": "300", "TERM": "dumb"}).invoke(app, [command, "--help"])
    assert result.exit_code == 0
    return result.output


def test_every_command_is_shown() -> None:
    assert {command for command, _ in SHOWN} == {
        "collect",
        "follow",
        "upload",
        "simulate",
        "import-library",
        "import-goodbooks",
        "import-ucsd",
    }


@pytest.mark.parametrize(("command", "options"), SHOWN, ids=lambda each: each.strip())
def test_a_command_that_is_shown_has_the_options_it_is_shown_with(command: str, options: str) -> None:
    known = set(re.findall(r"--[a-z-]+", help_of(command)))
    assert set(re.findall(r"--[a-z-]+", options)) <= known


def test_the_options_that_the_page_explains_are_those_of_collector_and_follower() -> None:
    explained = set(
        re.findall(r"\(`(--[a-z-]+)`\)", (ROOT / "docs" / "capture.md").read_text(encoding="utf-8"))
    )
    assert {"--poll", "--whole-every", "--max-file-age", "--max-file-size"} <= explained
    assert explained <= set(re.findall(r"--[a-z-]+", help_of("collect") + help_of("follow")))


ENDING = {"follow": ["--once", "--rate", "300"], "upload": ["--once"]}
"""What is added to a command so that it ends, and soon."""
OF_THE_SIMULATED_SITE = "127.0.0.1:8085"


@pytest.mark.slow
def test_the_commands_that_are_shown_work_one_after_another(tmp_path: Path) -> None:
    """All but those of a simulated Goodreads, which `tests/capture/follower/test_command.py` runs beside it."""
    files_of_a_reader(tmp_path)
    (tmp_path / "buckets").mkdir()
    zone = Zone(tmp_path / "buckets")
    environment = {**os.environ, **zone.variables(), "PYTHONPATH": str(ROOT)}
    environment.pop("AWS_PROFILE", None)
    try:
        with simulated_goodreads(reviews=60, users=3) as goodreads:
            (tmp_path / "readers.txt").write_text(f"{goodreads.readers[2]}  # Bo\n")
            for command, options in SHOWN:
                if command == "simulate" or OF_THE_SIMULATED_SITE in options:
                    continue
                here = [*as_typed(command, options, goodreads), *ENDING.get(command, [])]
                done = subprocess.run(
                    [sys.executable, "-m", "capture", command, *here],
                    cwd=tmp_path,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=PATIENCE,
                )
                assert done.returncode == 0, f"{command} {options}: {done.stdout}{done.stderr}"
    finally:
        zone.down()
    names = {dataset.name for dataset in DATASETS}
    assert {path.parent.name for path in (tmp_path / "buckets").rglob("*.csv")} == names
    assert {path.parent.name for path in (tmp_path / "folder").rglob("*.csv")} == names


def files_of_a_reader(folder: Path) -> None:
    """The files that the commands name."""
    write_export(folder / "goodreads_library_export.csv", [EARTHSEA])
    goodbooks.write_folder(folder / "goodbooks-10k", [goodbooks.BOOK], [(1, goodbooks.BOOK["book_id"], 5)])
    write_dump(folder / "goodreads_book_authors.json.gz", [AUTHOR])
    write_dump(folder / "goodreads_books_poetry.json.gz", [BOOK])
    write_dump(folder / "goodreads_reviews_poetry.json.gz", [REVIEW])


def as_typed(command: str, options: str, goodreads: SimulatedGoodreads) -> list[str]:
    """The options, with readers of the simulated site, and files that are there, in place of what stands for them."""
    first, second, _ = map(str, goodreads.readers)
    dump = "goodreads_books_poetry.json.gz"
    meant = {
        "12345": first,
        "67890": second,
        "https://www.goodreads.com/user/show/67890-name": f"https://www.goodreads.com/user/show/{second}-name",
        "USER": first,
        "NAME": "Ann",
        "FILE": dump if command == "import-ucsd" else "goodreads_library_export.csv",
        "s3://BUCKET": "s3://landing",
    }
    site = ["--base-url", goodreads.url] if command == "follow" else []
    return [*(meant.get(word, word) for word in shlex.split(options)), *site]
