"""Files and folders that readers find whole or not at all."""

from pathlib import Path

import pytest

from landing.aside import written_aside


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_has_its_name_when_it_is_complete(tmp_path: Path) -> None:
    with written_aside(tmp_path / "a.csv") as partial:
        partial.write_text("half")
        assert names(tmp_path) == [".a.csv.partial"]
        partial.write_text("all")
    assert names(tmp_path) == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "all"


def test_a_file_replaces_an_older_one_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old")
    with written_aside(tmp_path / "a.csv") as partial:
        partial.write_text("new")
        assert (tmp_path / "a.csv").read_text() == "old"
    assert (tmp_path / "a.csv").read_text() == "new"


def test_a_folder_has_its_name_when_it_is_complete_also_in_the_place_of_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with written_aside(tmp_path / "out") as partial:
        partial.mkdir()
        (partial / "a.csv").touch()
        assert names(tmp_path / "out") == []
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["a.csv"]


@pytest.mark.parametrize("what", ["file", "folder", "nothing"])
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path, what: str) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyboardInterrupt), written_aside(tmp_path / "a") as partial:  # noqa: PT012 - what fails is the block
        if what == "file":
            partial.touch()
        elif what == "folder":
            partial.mkdir()
            (partial / "b").touch()
        raise KeyboardInterrupt
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_what_cannot_be_moved_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").touch()
    with pytest.raises(IsADirectoryError), written_aside(tmp_path / "a") as partial:
        partial.touch()
    assert names(tmp_path) == ["a"]


def test_what_a_killed_process_has_left_is_no_part_of_the_next_try(tmp_path: Path) -> None:
    left = tmp_path / ".code.partial"
    left.mkdir()
    (left / "old.py").touch()
    with written_aside(tmp_path / "code") as partial:
        partial.mkdir()
        (partial / "new.py").touch()
    assert names(tmp_path / "code") == ["new.py"]
