"""The worked examples of CONTRIBUTING.md, done as the page says on a copy of the repository."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from stacks import ROOT
from tests.e2e.checkout import copy_checkout

pytestmark = pytest.mark.e2e

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^### (Add a \w+)\n.*?^```diff\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


@dataclass(frozen=True)
class Copy:
    """A copy of the repository with the examples done and the pipeline run once."""

    root: Path

    def python(self, *arguments: str) -> str:
        """Run a module of the copy; its output. It takes what is installed from this environment."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.root,
            env={
                **os.environ,
                "COLUMNS": "200",
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
        return done.stdout

    def query(self, sql: str) -> str:
        return self.python("operations", "query", sql)


def apply(root: Path, diff: str) -> None:
    """With git, which must not look for a repository around the copy."""
    done = subprocess.run(
        ["git", "apply", "-"],
        cwd=root,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(root.parent)},
        input=diff,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"CONTRIBUTING.md no longer fits the code: {done.stderr}"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    root = tmp_path_factory.mktemp("worked") / "copy"
    copy_checkout(root)
    (root / "node_modules").symlink_to(
        ROOT / "node_modules"
    )  # the synthesis draws the state machine with a package
    for diff in EXAMPLES.values():
        apply(root, diff)
    made = Copy(root)
    subprocess.run(
        [
            "make",
            "--assume-old=runtime",
            "docs",
            f"PATH={Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        ],
        cwd=root,
        check=True,
    )
    made.python("faker_tool", "--size", "200KB", "--out", "data")
    made.python("operations", "run", "data")
    return made


def test_the_page_shows_a_column_a_table_and_a_state() -> None:
    assert list(EXAMPLES) == ["Add a column", "Add a table", "Add a state"]


def test_the_column_arrives_in_the_warehouse_and_in_its_page(copy: Copy) -> None:
    assert (
        "true"
        in copy.query(
            "select count(owned) > 0 and min(owned) >= 0 as owned from goodreads_warehouse.reviews"
        ).lower()
    )
    assert re.search(
        r"^\| `owned` \|", (copy.root / "docs" / "datasets.md").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_the_table_counts_each_review_once_and_is_in_the_data_dictionary(copy: Copy) -> None:
    in_table = "select sum(review_count) from goodreads_analytics.commented_reviews"
    in_warehouse = (
        "select count(comments_count) from goodreads_warehouse.reviews cross join goodreads_analytics.review_window "
        "where record_create_timestamp >= window_start and record_create_timestamp < window_end"
    )
    assert "counted each once" in copy.query(
        f"select 'counted each once' as said where ({in_table}) = ({in_warehouse}) and ({in_table}) > 0"
    )
    assert "## commented_reviews" in (copy.root / "docs" / "dictionary.md").read_text(encoding="utf-8")


def test_the_run_passes_through_the_state(copy: Copy) -> None:
    states = re.findall(
        r"\b(?:ReportRun|CountFinishedRun|ReleaseLease)\b", copy.python("operations", "history")
    )
    assert states == ["ReportRun", "CountFinishedRun", "ReleaseLease"]


def test_the_tests_that_the_examples_change_pass_with_them(copy: Copy) -> None:
    changed: list[str] = re.findall(r"^\+\+\+ b/(tests/\S+)$", PAGE, re.MULTILINE)
    assert len(changed) == 2
    copy.python(
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *changed,
        "tests/docs",
        "tests/capture/collector/test_records.py",
    )
