"""Uploads the files of a folder to a bucket."""

from pathlib import Path

from landing.bucket import BucketStore
from landing.errors import StoreError


def files_of(folder: Path) -> list[Path]:
    """All files below the folder, at any depth, except hidden ones; StoreError if there are none."""
    if not folder.is_dir():
        what = "a file" if folder.exists() else "nothing"
        raise StoreError(
            f"found {what} at {folder}, expected a folder with author.csv, book.csv, reviews.csv or user.csv "
            "(or folders of those names with .csv files in them)"
        )
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise StoreError(f"the folder {folder} holds no files; expected author.csv, book.csv, ...")
    return found


def land(folder: Path, store: BucketStore) -> int:
    """Upload all files of the folder under their relative paths. Returns the bytes in all.

    StoreError if the folder has no files or an upload fails.
    """
    files = files_of(folder)
    for path in files:
        store.upload(path, path.relative_to(folder).as_posix())
    return sum(path.stat().st_size for path in files)
