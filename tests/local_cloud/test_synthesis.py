"""When the application is synthesized, and when the assembly that is there is taken."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local_cloud import synthesis
from local_cloud.errors import LocalCloudError
from local_cloud.synthesis import synthesize
from stacks import ROOT

APP = """
import json, os
from pathlib import Path

with open("runs", "a") as runs:
    runs.write("once more\\n")
out = Path(os.environ["CDK_OUTDIR"])
(out / "asset.1").mkdir(parents=True)
(out / "asset.1" / "code.py").write_text("code")
(out / "variables.json").write_text(json.dumps(dict(os.environ)))
if Path("edits").exists():
    Path("edits").unlink()
    Path("sql/deep/statement.sql").write_text("select 3")
if Path("fails").exists():
    raise SystemExit("the cause")
(out / "manifest.json").write_text(os.environ["CDK_CONTEXT_JSON"])
"""
"""Writes an assembly as app.py does, in no time, and counts how often it runs."""

FOLDERS = ("catalog", "contract", "lambdas", "spark_jobs", "sql", "stacks")

NOTES_WHAT_PYTHON_OPENS = """
import os, sys

log = os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        os.write(log, f"{{os.path.realpath(arguments[0])}}\\n".encode())

sys.addaudithook(note)
"""
NOTES_WHAT_NODE_OPENS = """
const fs = require("fs");
const log = fs.openSync({log!r}, "a");
for (const name of ["copyFile", "copyFileSync", "createReadStream", "open", "openSync", "readFile", "readFileSync"]) {{
    const original = fs[name];
    fs[name] = function (path, ...others) {{
        fs.writeSync(log, `${{path}}\\n`);
        return original.call(this, path, ...others);
    }};
}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with every kind of input, and packages installed for it."""
    folder = tmp_path / "project"
    for name in FOLDERS:
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "statement.sql").write_text("select 1")
    (folder / "app.py").write_text(APP)
    (folder / "cdk.json").write_text('{"context": {"name": "goodreads"}}')
    (folder / "wheels.zip").write_text("wheels")
    (tmp_path / "site-packages" / "aws_cdk_lib-2.275.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(synthesis, "ROOT", folder)
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path / "site-packages"))
    return folder


def runs_of(project: Path) -> int:
    return len((project / "runs").read_text().splitlines())


def made(project: Path, **overrides: str) -> int:
    """Synthesize; how often app.py has run until now."""
    synthesize(
        project.parent / "cdk.out", {"job-libraries": str(project / "wheels.zip"), "depth": "1"} | overrides
    )
    return runs_of(project)


def test_a_synthesis_whose_inputs_have_not_changed_is_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made(project) == 1
    (project / "stacks" / "__pycache__").mkdir()
    (project / "stacks" / "__pycache__" / "storage.cpython-311.pyc").write_text("compiled")
    (project / "README.md").write_text("no input")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4510")
    assert made(project) == 1


def edited(name: str) -> Callable[[Path, pytest.MonkeyPatch], object]:
    return lambda project, _: (project / name / "deep" / "statement.sql").write_text("select 2")


INPUTS: dict[str, Callable[[Path, pytest.MonkeyPatch], object]] = {
    **{f"a file in {name}": edited(name) for name in FOLDERS},
    "the app": lambda project, _: (project / "app.py").write_text(f"{APP}\n"),
    "the context": lambda project, _: (project / "cdk.json").write_text('{"context": {"name": "books"}}'),
    "the form of the context": lambda project, _: (project / "cdk.json").write_text(
        '{"context":{"name":"goodreads"}}'
    ),
    "the libraries": lambda project, _: (project / "wheels.zip").write_text("other wheels"),
    "a file more": lambda project, _: (project / "sql" / "more.sql").write_text("select 1"),
    "a file less": lambda project, _: (project / "sql" / "deep" / "statement.sql").unlink(),
    "the name of a file": lambda project, _: (project / "sql" / "deep" / "statement.sql").rename(
        project / "sql" / "deep" / "other.sql"
    ),
    "a variable": lambda _, monkeypatch: monkeypatch.setenv("CDK_CONTEXT", "anything"),
    "the Python": lambda _, monkeypatch: monkeypatch.setattr(sys, "version", "3.99"),
    "a package": lambda project, _: (
        project.parent / "site-packages" / "aws_cdk_lib-2.275.0.dist-info"
    ).rename(project.parent / "site-packages" / "aws_cdk_lib-2.276.0.dist-info"),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", INPUTS.values(), ids=INPUTS)
def test_a_changed_input_makes_a_new_synthesis(
    project: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, pytest.MonkeyPatch], object]
) -> None:
    made(project)
    change(project, monkeypatch)
    assert made(project) == 2
    assert made(project) == 2


def test_another_setting_makes_a_new_synthesis_with_that_setting(project: Path) -> None:
    made(project)
    assert made(project, depth="2") == 2
    assert json.loads((project.parent / "cdk.out" / "manifest.json").read_text())["depth"] == "2"


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a file was changed": lambda assembly: (assembly / "asset.1" / "code.py").write_text("cods"),
    "a file was cut off": lambda assembly: (assembly / "manifest.json").write_text(""),
    "a file is missing": lambda assembly: (assembly / "asset.1" / "code.py").unlink(),
    "a file was added": lambda assembly: (assembly / "asset.1" / "more.py").write_text("code"),
    "the origin is missing": lambda assembly: (assembly / "synthesized-from.json").unlink(),
    "the origin was cut off": lambda assembly: (assembly / "synthesized-from.json").write_text('{"inputs'),
    "the origin is something else": lambda assembly: (assembly / "synthesized-from.json").write_bytes(
        b"\xff[]"
    ),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_assembly_is_made_anew(project: Path, damage: Callable[[Path], object]) -> None:
    made(project)
    damage(project.parent / "cdk.out")
    assert made(project) == 2
    assert (project.parent / "cdk.out" / "asset.1" / "code.py").read_text() == "code"
    assert not (project.parent / "cdk.out" / "asset.1" / "more.py").exists()


def test_what_a_synthesis_that_failed_has_left_is_not_taken(project: Path) -> None:
    (project / "fails").touch()
    for _ in range(2):
        with pytest.raises(LocalCloudError, match=r"^cdk synth failed:\nthe cause$"):
            made(project)
    (project / "fails").unlink()
    assert made(project) == 3


def test_a_source_that_is_edited_during_the_synthesis_makes_a_new_one(project: Path) -> None:
    (project / "edits").touch()
    made(project)
    (project / "sql" / "deep" / "statement.sql").write_text("select 1")  # as it was before
    assert made(project) == 2


def test_no_variable_reaches_synthesis_that_is_not_an_input(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "PATH", "SOMETHING", "CDK_DEBUG", "LC_ALL"):
        monkeypatch.setenv(name, "/of/the/terminal")
    made(project)
    variables = json.loads((project.parent / "cdk.out" / "variables.json").read_text())
    assert {name for name, value in variables.items() if value == "/of/the/terminal"} == {
        "CDK_DEBUG",
        "LC_ALL",
    }


@pytest.mark.slow
def test_every_file_that_synthesis_opens_is_an_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = {"python": tmp_path / "python.log", "node": tmp_path / "node.log"}
    (tmp_path / "sitecustomize.py").write_text(NOTES_WHAT_PYTHON_OPENS.format(log=str(logs["python"])))
    (tmp_path / "notes.cjs").write_text(NOTES_WHAT_NODE_OPENS.format(log=str(logs["node"])))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("NODE_OPTIONS", f"--require={tmp_path / 'notes.cjs'}")
    synthesize(tmp_path / "cdk.out", {})
    opened = {name: opened_sources(log) for name, log in logs.items()}
    project = ROOT
    assert project / "stacks" / "storage.py" in opened["python"]
    assert project / "lambdas" / "plan_copies.py" in opened["node"]
    assert opened["python"] | opened["node"] <= set(synthesis.sources())


def opened_sources(log: Path) -> set[Path]:
    """The project's files in a log, a compiled one as its source; without what is installed beside them."""
    installed = [Path(sys.prefix), ROOT / "node_modules"]
    found = (path for line in log.read_text().splitlines() if (path := Path(line)).is_file())
    return {
        Path(importlib.util.source_from_cache(str(path))) if path.suffix == ".pyc" else path
        for path in found
        if path.is_relative_to(ROOT) and not any(path.is_relative_to(folder) for folder in installed)
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        (
            "schedule_minutes",
            "0",
            "schedule_minutes = '0' is not allowed; minutes from one scheduled run to the next: a whole number from 1 to 1440 (change it in cdk.json or with -c schedule_minutes=VALUE)",
        ),
        ("schedule_minuts", "5", "schedule_minuts is not a setting; did you mean schedule_minutes?"),
    ],
)
def test_a_setting_that_is_refused_is_told_in_its_own_words(
    tmp_path: Path, setting: str, value: str, message: str
) -> None:
    with pytest.raises(LocalCloudError) as told:
        synthesis.synthesize(tmp_path / "cdk.out", {setting: value})
    assert str(told.value) == f"cdk synth failed:\n{message}"
