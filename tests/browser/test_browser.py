"""Where a test without a browser fails, and where it is skipped."""

import pytest

from tests.browser.browser import is_expected


@pytest.mark.parametrize(
    ("ci", "system", "machine", "expected"),
    [
        ("", "Linux", "x86_64", True),  # `make tools` installs one
        ("true", "Darwin", "arm64", True),
        ("", "Darwin", "arm64", False),
        ("", "Linux", "aarch64", False),
    ],
)
def test_a_browser_is_expected_where_make_tools_installs_one_and_on_every_ci(
    ci: str, system: str, machine: str, *, expected: bool
) -> None:
    assert is_expected(ci, system, machine) is expected
