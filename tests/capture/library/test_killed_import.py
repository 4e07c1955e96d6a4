"""An import that dies leaves complete files only, and repeated it leaves what an undisturbed import leaves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from capture.library.importing import import_export
from landing.bucket import Bytes
from landing.stores import FolderStore
from tests.capture.library.exports import made_up, write_export
from tests.capture.library.test_import import ANN, CAPTURED, NOW


class KilledError(Exception):
    """The import died."""


@dataclass(frozen=True)
class DyingStore(FolderStore):
    """Dies before the block of a number, counted over all files."""

    blocks_left: list[int]

    def write(self, name: str, blocks: Iterable[Bytes]) -> int:
        """Write until the import dies."""
        return super().write(name, self._dying(blocks))

    def _dying(self, blocks: Iterable[Bytes]) -> Iterator[Bytes]:
        for block in blocks:
            if not self.blocks_left[0]:
                raise KilledError
            self.blocks_left[0] -= 1
            yield block


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name + path.parent.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("blocks", range(8))
def test_a_dead_import_leaves_complete_files_and_can_be_repeated(tmp_path: Path, blocks: int) -> None:
    export = write_export(tmp_path / "export.csv", made_up(30))
    import_export(export, ANN, FolderStore(tmp_path / "whole"), CAPTURED, NOW)
    whole = contents(tmp_path / "whole")
    with pytest.raises(KilledError):
        import_export(export, ANN, DyingStore(tmp_path / "dead", [blocks]), CAPTURED, NOW)
    dead = contents(tmp_path / "dead") if (tmp_path / "dead").exists() else {}
    assert len(dead) == blocks // 2  # a file has two blocks: the header and the rows
    assert dead.items() <= whole.items()
    import_export(export, ANN, FolderStore(tmp_path / "dead"), CAPTURED, NOW)
    assert contents(tmp_path / "dead") == whole
