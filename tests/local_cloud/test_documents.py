"""A document is on the disk before it counts: a machine that loses its power may lose whatever was not flushed."""

import json
from pathlib import Path

import pytest

from local_cloud.documents import write_document
from tests.disk import watched


def test_a_document_is_flushed_before_it_gets_its_name_and_the_name_before_anything_follows(
    tmp_path: Path,
) -> None:
    write_document(tmp_path / "lease.json", {"token": 1})
    with watched(tmp_path) as disk:
        write_document(tmp_path / "lease.json", {"token": 2})
        assert disk.told() == [
            "flush 1 lines in .lease.json.partial",
            "rename .lease.json.partial to lease.json",
            "flush the names in .",
        ]
    assert json.loads((tmp_path / "lease.json").read_text()) == {"token": 2}


def test_a_document_that_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    write_document(tmp_path / "lease.json", {"token": 1})
    with pytest.raises(TypeError):
        write_document(tmp_path / "lease.json", {"token": object()})
    assert [path.name for path in tmp_path.iterdir()] == ["lease.json"]
    assert json.loads((tmp_path / "lease.json").read_text()) == {"token": 1}
