"""Each grant of the templates is needed by a recorded call, or is listed with the reason why it stays.

The names of the tests come from docs/permissions.md, so that collection synthesizes nothing.
"""

import re
from pathlib import Path

import pytest

from local_cloud.state import StateFolder
from operations.permissions.page import USED, page_of, report_of_templates
from operations.permissions.report import Report, reasons
from stacks import ROOT
from tests.local_cloud.conftest import environment_restored

pytestmark = pytest.mark.slow

_CALLS = Path(__file__).with_name("calls")
_PAGE = ROOT / "docs" / "permissions.md"
_ROWS = dict(
    re.findall(
        r"^\| (.+?: .+?) \| (.+?) \|$", _PAGE.read_text(encoding="utf-8").replace("\\*", "*"), re.MULTILINE
    )
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The synthesized templates against the calls that end-to-end runs made."""
    with environment_restored():
        return report_of_templates(_CALLS, StateFolder(tmp_path_factory.mktemp("state")))


@pytest.mark.parametrize("grant", _ROWS)
def test_without_the_grant_a_call_is_refused_or_the_list_says_why_it_stays(
    grant: str, report: Report
) -> None:
    rows = [row for row in report.rows if str(row.grant) == grant]
    assert rows, "no statement of the templates gives this: run `make docs`"
    assert (
        all(row.used for row in rows)
        if _ROWS[grant] == USED
        else {row.reason for row in rows} == {_ROWS[grant]}
    )


def test_the_page_shows_the_grants_of_the_templates(report: Report) -> None:
    assert page_of(report) == _PAGE.read_text(encoding="utf-8"), "run `make docs`"


def test_every_grant_is_used_or_listed_with_a_reason(report: Report) -> None:
    assert [str(row.grant) for row in report.rows if not row.used and not row.reason] == []


def test_every_entry_of_the_list_fits_an_unused_grant(report: Report) -> None:
    unused = [row for row in report.rows if not row.used]
    given = {row.reason for row in unused}
    assert [pattern for pattern, reason in reasons() if reason not in given] == []


def test_the_templates_allow_every_call_of_the_runs(report: Report) -> None:
    assert report.refused == []
    assert report.changed == []
