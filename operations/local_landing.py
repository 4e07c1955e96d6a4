"""Puts a folder's files into the landing zone."""

from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from local_cloud.errors import LocalCloudError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def files_of(folder: Path) -> list[Path]:
    """The files to put, at any depth, hidden ones left out; LocalCloudError if there are none."""
    if not folder.is_dir():
        what = "a file" if folder.exists() else "nothing"
        raise LocalCloudError(
            f"found {what} at {folder}, expected a folder with author.csv, book.csv, reviews.csv or user.csv "
            "(or folders of those names with .csv files in them)"
        )
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise LocalCloudError(f"the folder {folder} holds no files; expected author.csv, book.csv, ...")
    return found


def put(folder: Path, bucket: str) -> int:
    """Upload a folder's files under their paths below it; the number of bytes."""
    s3: S3Client = boto3.client("s3")
    files = files_of(folder)
    for path in files:
        s3.upload_file(str(path), bucket, path.relative_to(folder).as_posix())
    return sum(path.stat().st_size for path in files)
