"""What surrounds the code: workflows, hooks and the claims about Python hold together and name commands that exist."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks import ROOT
from tests.e2e.test_worked_examples import EXAMPLES

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TOOLS = Path(sys.executable).parent


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def steps(workflow: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def pythons() -> list[str]:
    """The versions that pyproject.toml allows."""
    allowed = tomllib.loads(text("pyproject.toml"))["project"]["requires-python"]
    first, end = (int(minor) for minor in re.fullmatch(r">=3\.(\d+),<3\.(\d+)", allowed).groups())  # type: ignore[union-attr]
    return [f"3.{minor}" for minor in range(first, end)]


def test_ci_runs_every_python_that_is_allowed_and_no_other() -> None:
    jobs = yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]
    assert {name: job["strategy"]["matrix"]["python"] for name, job in jobs.items()} == {
        "check": pythons(),
        "test": pythons(),
    }


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "Makefile"])
def test_every_page_names_the_pythons_that_are_allowed(page: str) -> None:
    *others, last = pythons()
    assert f"{', '.join(others)} or {last}" in text(page)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_targets_of_the_makefile_with_variables_it_has(workflow: Path) -> None:
    makefile = text("Makefile")
    commands = [
        re.sub(r"\$\{\{.*?\}\}", "", step["run"]).split() for step in steps(workflow) if "run" in step
    ]
    assert commands
    for make, target, *variables in commands:
        assert make == "make"
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
        for variable in variables:
            assert re.search(rf"^{variable.partition('=')[0]} \?=", makefile, re.MULTILINE)


def test_every_hook_is_a_tool_of_the_environment_that_downloads_nothing() -> None:
    (repository,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        command = hook["entry"].split()[0]
        assert command.startswith(".venv/bin/")
        assert (TOOLS / Path(command).name).exists(), command


@pytest.mark.slow
def test_the_hooks_stop_a_commit_that_is_not_in_order(tmp_path: Path) -> None:
    for name in (".pre-commit-config.yaml", "pyproject.toml"):
        (tmp_path / name).write_text(text(name), encoding="utf-8")
    (tmp_path / ".venv").symlink_to(TOOLS.parent)
    (tmp_path / "sql.py").write_text('"""A module."""\n\nx = {  "a":1 }\n')
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": os.devnull}

    def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    run("git", "init", "-q")
    run("git", "add", "sql.py")
    first = run(TOOLS / "pre-commit", "run", "format")
    again = run("git", "add", "sql.py"), run(TOOLS / "pre-commit", "run", "format")

    assert (first.returncode, again[1].returncode) == (1, 0), first.stdout + first.stderr
    assert "files were modified by this hook" in first.stdout
    assert (tmp_path / "sql.py").read_text() == '"""A module."""\n\nx = {"a": 1}\n'


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_worked_example_fits_the_code(example: str) -> None:
    done = subprocess.run(
        ["git", "apply", "--check", "-"],
        cwd=ROOT,
        input=EXAMPLES[example],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"CONTRIBUTING.md no longer fits the code: {done.stderr}"


def test_mypy_reads_every_module_of_the_cdk_that_the_code_imports() -> None:
    overrides = tomllib.loads(text("pyproject.toml"))["tool"]["mypy"]["overrides"]
    (read,) = (each["module"] for each in overrides if each.get("follow_imports") == "normal")
    imported: set[str] = set()
    for path in (ROOT / "app.py", *(ROOT / "stacks").rglob("*.py"), *(ROOT / "tests").rglob("*.py")):
        if "aws_cdk" in (code := path.read_text(encoding="utf-8")):
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.ImportFrom) and str(node.module).startswith("aws_cdk"):
                    imported |= {f"{node.module}.{each.name}" for each in node.names} | {str(node.module)}
    modules = {name for name in imported if name.islower()}  # the others are classes
    assert len(modules) > 10
    assert modules <= set(read)
