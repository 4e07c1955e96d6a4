"""What the documentation claims is what the code does."""

import re
from pathlib import Path

import pytest

from catalog.page import datasets_page
from sql.dictionary import dictionary_page, told_tables
from sql.open_contract import contract_page
from stacks import ROOT
from stacks.settings.page import settings_page
from stacks.state_machine import run_sql
from stacks.state_machine.admission import REFUSED
from stacks.state_machine.blocks import NOT_RETRIED

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize(
    ("page", "made"),
    [
        ("docs/datasets.md", datasets_page()),
        ("docs/dictionary.md", dictionary_page()),
        ("docs/contract.odcs.yaml", contract_page()),
        ("docs/settings.md", settings_page()),
        ("report/analytics.json", told_tables()),
    ],
)
def test_a_file_that_follows_from_code_is_up_to_date(page: str, made: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == made, "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_shows_every_picture_and_they_are_small() -> None:
    shown = re.findall(
        r"!\[[^\]]+\]\((docs/pictures/[^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")
    )
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())

    assert sorted(shown) == [picture.relative_to(ROOT).as_posix() for picture in pictures]
    assert {picture.name for picture in pictures} == {"console.png", "run-page.png", "terminal.svg"}
    assert sum(picture.stat().st_size for picture in pictures) < 300_000


def test_a_picture_of_the_terminal_asks_for_nothing_and_names_no_folder_of_a_machine() -> None:
    drawn = (ROOT / "docs" / "pictures" / "terminal.svg").read_text(encoding="utf-8")

    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)\S+|url\((?!#)[^)]*\)", drawn) == []
    assert re.findall(r"/(?:tmp|home|Users|root|private)/", drawn) == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert "test" in named
    assert named - targets == set()


def test_the_runbook_has_a_section_for_each_error_a_run_can_end_with() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^### (\S+)$", text, re.MULTILINE))
    errors = {
        *NOT_RETRIED,
        run_sql.FAILED,
        run_sql.ABORTED,
        run_sql.TIMED_OUT,
        run_sql.SERIALIZABLE_CONFLICT,
        REFUSED,
    }

    assert errors - sections == set()


def test_every_test_that_the_page_of_faults_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")))
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    assert len(named) > 50
    assert [name for name in sorted(named) if f"def {name}(" not in source] == []


def test_every_mistake_of_the_original_that_is_tested_is_on_the_page_of_faults() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    source = (ROOT / "tests" / "original" / "test_mistakes_of_the_original.py").read_text(encoding="utf-8")

    assert [name for name in re.findall(r"def (test_\w+)\(", source) if f"`{name}`" not in page] == []
