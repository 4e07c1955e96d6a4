"""checkov, a scanner of its own, has nothing to say about the templates but what was accepted beside the resource."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.stacks.deployments import Deployment

CHECKOV = Path(sys.prefix, "checkov", "bin", "checkov")


def scan(files: list[Path], home: Path) -> dict[str, Any]:
    """The report; checkov asks no network, and reads no configuration of the person at the keyboard."""
    assert CHECKOV.exists(), "checkov was not found: run `make tools`"
    options = ("--framework", "cloudformation", "--skip-download", "--output", "json", "--compact")
    done = subprocess.run(
        [CHECKOV, *options, "--file", *files],
        cwd=home,
        env={"PATH": os.defpath, "HOME": str(home), "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.slow
def test_every_finding_of_checkov_is_fixed_or_accepted_with_a_reason(
    deployment: Deployment, changed: Deployment, tmp_path: Path
) -> None:
    files = [*deployment.template_files, *changed.template_files]
    report = scan(files, tmp_path)
    found = report["results"]
    assert [f"{each['check_id']} {each['resource']}" for each in found["failed_checks"]] == []
    assert report["summary"]["parsing_errors"] == 0
    judged = {Path(each["file_path"]).name for each in found["passed_checks"]}
    assert judged == {
        file.name for file in files if "monitoring" not in file.name
    }  # alarms are no concern of it
    told = {each["check_result"]["suppress_comment"] for each in found["skipped_checks"]}
    assert told == reasons(files)


def reasons(files: list[Path]) -> set[str]:
    """The reasons in the templates."""
    return {
        accepted["comment"]
        for file in files
        for resource in json.loads(file.read_text())["Resources"].values()
        for accepted in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }
