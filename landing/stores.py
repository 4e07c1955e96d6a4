"""The interface of a store, the store in a folder, and the choice between a folder and S3."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from landing.aside import written_aside
from landing.bucket import SCHEME, BucketStore, Bytes


class Store(Protocol):
    """Holds files by name. A name may contain `/`."""

    def names(self, stem: str) -> list[str]:
        """The names that begin with `stem`, sorted."""

    def remove(self, name: str) -> None:
        """Remove a file."""

    def write(self, name: str, blocks: Iterable[Bytes]) -> int:
        """Write the blocks as one file. Returns the file's bytes; after an error there is no file."""


@dataclass(frozen=True)
class FolderStore:
    """The files below a folder. Writing creates the folder if it is missing."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    def names(self, stem: str) -> list[str]:
        """The names that begin with `stem`, sorted."""
        found = self.folder.glob(f"{stem}*")
        return sorted(path.relative_to(self.folder).as_posix() for path in found if path.is_file())

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.folder / name).unlink()

    def write(self, name: str, blocks: Iterable[Bytes]) -> int:
        """Write the blocks as one file, which gets its name when it is complete. Returns the file's bytes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as partial, partial.open("wb") as file:
            return sum(file.write(block) for block in blocks)


def store_at(place: str | Path) -> Store:
    """The store in a folder or at `s3://bucket/prefix`; ValueError for any other address."""
    text = str(place)
    if isinstance(place, str) and text.startswith(SCHEME):
        return BucketStore.at(text)
    if "://" in text:
        raise ValueError(f"{text!r} is neither a folder nor an address in S3 like s3://bucket/prefix")
    folder = Path(place)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; give a folder, or s3://bucket/prefix")
    return FolderStore(folder)
