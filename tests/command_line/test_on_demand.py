"""Groups of commands: only the command that is run is imported."""

import gc
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from command_line.answers import Answers
from command_line.on_demand import group_of

LIGHT = '''
def tell(word: str = "nothing") -> None:
    """Say a word.

    Once.
    """
    print(f"the word is {word}")
'''
HEAVY = '''
raise RuntimeError("was imported")

def make_all() -> None:
    """Make everything."""
'''


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[typer.Typer]:
    """A group of two commands: one that works, and one whose module cannot even be imported."""
    yield from group(tmp_path, monkeypatch)


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[typer.Typer]:
    """The same group; its commands answer in JSON, too."""
    yield from group(tmp_path, monkeypatch, Answers())


def group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: Answers | None = None
) -> Iterator[typer.Typer]:
    (tmp_path / "rooms_of_a_test").mkdir()
    for name, source in {"__init__": "", "light": LIGHT, "heavy": HEAVY}.items():
        (tmp_path / "rooms_of_a_test" / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    yield group_of({"tell": "rooms_of_a_test.light", "make-all": "rooms_of_a_test.heavy"}, "A group.", output)
    for name in [name for name in sys.modules if name.startswith("rooms_of_a_test")]:
        del sys.modules[name]


@pytest.mark.slow
def test_nothing_is_collected_while_a_command_is_imported_and_its_modules_never_are(
    app: typer.Typer, tmp_path: Path
) -> None:
    asks = "import gc\n\ndef tell() -> None:\n    print(asked, gc.isenabled())\n\nasked = gc.isenabled()\n"
    (tmp_path / "rooms_of_a_test" / "light.py").write_text(asks)
    before = gc.get_freeze_count()
    try:
        result = CliRunner().invoke(app, ["tell"])
        assert result.output == "False True\n"
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_all_that_a_command_makes_is_collected_rarely_and_what_others_make_as_before(
    app: typer.Typer, tmp_path: Path
) -> None:
    asks = "import gc\n\ndef tell() -> None:\n    print(gc.get_threshold())\n"
    (tmp_path / "rooms_of_a_test" / "light.py").write_text(asks)
    young, middle, old = gc.get_threshold()
    try:
        assert CliRunner().invoke(app, ["tell"]).output == f"{(young, middle, 20 * old)}\n"
    finally:
        gc.unfreeze()
    assert gc.get_threshold() == (young, middle, old)


def test_the_help_of_a_group_explains_each_command_and_imports_none(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    lines = [" ".join(line.strip(" │").split()) for line in result.output.splitlines()]
    assert "A group." in lines
    assert "tell Say a word." in lines
    assert "make-all Make everything." in lines
    assert [name for name in sys.modules if name.startswith("rooms_of_a_test.")] == []


def test_a_command_that_is_run_gets_its_options_and_no_other_is_imported(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["tell", "--word", "tree"])
    assert result.output == "the word is tree\n"
    assert [name for name in sys.modules if name.startswith("rooms_of_a_test.")] == ["rooms_of_a_test.light"]


def test_a_command_explains_its_own_options(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["tell", "--help"])
    assert "Once." in result.output
    assert "--word" in result.output


def test_a_misspelt_command_is_an_error_that_names_the_one_that_was_meant(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["tel"])
    assert result.exit_code == 2
    assert "No such command 'tel'. Did you mean 'tell'?" in result.output


def test_a_profile_that_does_not_exist_does_not_matter_to_what_a_command_imports(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = "import os, boto3\n\nboto3.Session().get_available_regions('ec2')\n\ndef tell() -> None:\n    print(os.environ['AWS_PROFILE'])\n"
    (tmp_path / "rooms_of_a_test" / "light.py").write_text(asks)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    result = CliRunner().invoke(app, ["tell"])
    assert result.output == "nobody\n", result.exception


@pytest.mark.parametrize(
    ("statement", "error", "exit_code"),
    [
        ('raise KeyError("a mistake")', "KeyError: 'a mistake'", 1),
        ("raise KeyboardInterrupt", "interrupted", 130),
    ],
)
@pytest.mark.parametrize("where", ["in the command", "while it is imported"])
def test_a_command_of_a_group_that_crashes_or_is_interrupted_answers_with_one_document(
    answering: typer.Typer, tmp_path: Path, *, statement: str, error: str, exit_code: int, where: str
) -> None:
    begin = "\n    " if where == "in the command" else "\n\n"
    (tmp_path / "rooms_of_a_test" / "light.py").write_text(
        f"def tell() -> None:\n    pass{begin}{statement}\n"
    )
    result = CliRunner().invoke(answering, ["tell", "--json"])
    assert (json.loads(result.stdout), result.exit_code) == ({"error": error}, exit_code)
    assert CliRunner().invoke(answering, ["tell"]).stdout == ""


def test_an_option_before_the_command_is_a_wrong_call_and_told_as_the_answer(answering: typer.Typer) -> None:
    result = CliRunner().invoke(answering, ["--json", "tell"])
    assert (json.loads(result.stdout), result.exit_code) == ({"error": "No such option: --json"}, 2)
    assert "Usage" in result.stderr
