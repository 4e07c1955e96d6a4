"""Where landing files go: a folder, or an S3 bucket."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from landing.aside import written_aside
from landing.bucket import SCHEME, BucketStore, Bytes


class Store(Protocol):
    """A place for files by name; names may have `/` in them."""

    def names(self, stem: str) -> list[str]:
        """The files whose names begin so, sorted."""

    def remove(self, name: str) -> None:
        """Remove a file."""

    def write(self, name: str, blocks: Iterable[Bytes]) -> int:
        """Write a file of these blocks; its bytes. After an error there is no file."""


@dataclass(frozen=True)
class FolderStore:
    """Files below a folder, which is made if it is missing."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    def names(self, stem: str) -> list[str]:
        """The files whose names begin so, sorted."""
        found = self.folder.glob(f"{stem}*")
        return sorted(path.relative_to(self.folder).as_posix() for path in found if path.is_file())

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.folder / name).unlink()

    def write(self, name: str, blocks: Iterable[Bytes]) -> int:
        """Write a file of these blocks, which has its name when it is complete; its bytes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as partial, partial.open("wb") as file:
            return sum(file.write(block) for block in blocks)


def store_at(place: str | Path) -> Store:
    """The store of a folder or of `s3://bucket/prefix`; ValueError for anything else."""
    text = str(place)
    if isinstance(place, str) and text.startswith(SCHEME):
        return BucketStore.at(text)
    if "://" in text:
        raise ValueError(f"{text!r} is neither a folder nor an address in S3 like s3://bucket/prefix")
    folder = Path(place)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; give a folder, or s3://bucket/prefix")
    return FolderStore(folder)
