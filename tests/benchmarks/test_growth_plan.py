"""docs/growth.md says what `python -m benchmarks growth-plan` prints."""

import re

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.growth_plan import BYTES, CORES, SETTINGS, copy_requests, simulate
from stacks import ROOT

MIB, GIB = 1024**2, 1024**3
PAGE = (ROOT / "docs" / "growth.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_has_the_table_that_the_command_prints() -> None:
    printed = CliRunner().invoke(app, ["growth-plan"])
    assert printed.exit_code == 0, printed.output
    shown = re.search(r"<!-- growth-plan -->\n(.*)<!-- end of growth-plan -->", PAGE, re.DOTALL)
    assert shown
    assert shown[1] == printed.output


def test_the_page_names_the_settings_of_the_simulation() -> None:
    assert (
        f"`batch_max_files` {SETTINGS.batch_max_files:,}, `batch_max_bytes` {SETTINGS.batch_max_bytes / GIB / 1024:g} TiB, "
        f"`copy_files_per_task` {SETTINGS.copy_files_per_task:,}, `copy_bytes_per_task` {SETTINGS.copy_bytes_per_task / GIB:g} GiB, "
        f"`copy_concurrency` {SETTINGS.copy_concurrency}; {CORES} cores"
    ) in PAGE


def test_the_whole_load_is_planned_and_read_once() -> None:
    growth = simulate(24)
    assert sum(file.size for file in growth.plan.files) == pytest.approx(BYTES, abs=24)
    read = sum(part.bytes for ranges in growth.ranges.values() for part in ranges)
    assert read == sum(file.size for file in growth.plan.files)
    assert growth.plan.left_for_later == 0


@pytest.mark.parametrize(
    ("size", "requests"), [(64 * MIB - 1, 1), (64 * MIB, 3), (64 * MIB + 1, 4), (5 * 1024 * GIB, 5_122)]
)
def test_a_copy_takes_one_request_or_one_a_part_and_two_around_them(size: int, requests: int) -> None:
    assert copy_requests(size) == requests
