"""`pipeline forget` as a person calls it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from operations.__main__ import app
from tests.operations.forget.conftest import ME, Deployed

pytestmark = pytest.mark.usefixtures("signals")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["forget", *arguments], env={"COLUMNS": "200"})


@pytest.mark.slow
def test_what_is_where_is_shown_then_deleted_then_not_found(place: Deployed) -> None:
    here = ("--user", str(ME), "--state", str(place.state.root))
    shown = call(*here, "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert f"user_id {ME} is in" in shown.output
    assert "nothing was changed: call the command without --dry-run" in shown.output
    for row in ("goodreads_warehouse.users", "goodreads_staging.reviews", "landing zone", "quarantine zone"):
        assert row in shown.output
    done = call(*here)
    assert done.exit_code == 0, done.output
    assert f"user_id {ME} was deleted from" in done.output
    assert "The next run checks the warehouse and rebuilds the analytics tables" in " ".join(
        done.output.split()
    )
    again = call(*here)
    assert (again.exit_code, again.output.strip()) == (0, f"nothing of user_id {ME} was found")


@pytest.mark.parametrize("arguments", [(), ("--user", "1", "--book", "2")])
def test_exactly_one_subject_is_to_be_given(arguments: tuple[str, ...], tmp_path: Path) -> None:
    refused = call(*arguments, "--state", str(tmp_path))
    assert refused.exit_code == 1
    assert "give one of --user, --review, --book and --author" in " ".join(refused.output.split())


def test_without_a_state_folder_a_person_is_told_what_to_do(tmp_path: Path) -> None:
    refused = call("--user", "1", "--state", str(tmp_path / "none"))
    assert refused.exit_code == 1
    assert "run the pipeline first (make run)" in " ".join(refused.output.split())
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_on_aws_the_account_of_the_credentials_is_reached(place: Deployed) -> None:
    """The environment leads to the local endpoint; nothing else tells the command that it is not on AWS."""
    done = call("--user", str(ME), "--aws", "--also-later")
    assert done.exit_code == 0, done.output
    assert f"user_id {ME} was deleted from" in done.output
    assert f"later deliveries of user_id {ME} will be left out" in " ".join(done.output.split())
    assert place.query("select count(*) from goodreads_warehouse.left_out") == [(1,)]
    assert [key for key, content in place.objects().items() if str(ME).encode() in content] == []


def test_on_aws_without_a_region_a_person_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    refused = call("--user", "1", "--aws")
    assert refused.exit_code == 1
    assert "no region is given" in " ".join(refused.output.split())
