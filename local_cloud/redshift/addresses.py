"""Addresses of objects in statements: `s3://bucket/key`."""

from collections.abc import Iterator
from pathlib import Path

from local_cloud.redshift.errors import SqlError


def bucket_and_key(what: str, buckets: Path, url: str) -> tuple[Path, str]:
    """The bucket's folder and the key in an address; `what`, like `COPY reads from`, begins the SqlError if it is none."""
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or not key or {".", ".."} & {bucket, *key.split("/")}:
        raise SqlError(f"{what} 's3://bucket/prefix', not '{url}'")
    if not (buckets / bucket).is_dir():
        raise SqlError(f"The specified bucket '{bucket}' does not exist")
    return buckets / bucket, key


def objects_below(bucket: Path, prefix: str) -> Iterator[Path]:
    """The files of all objects whose keys start with the prefix, in key order."""
    for path in sorted(bucket.joinpath(*prefix.split("/")[:-1]).rglob("*")):
        if path.relative_to(bucket).as_posix().startswith(prefix) and path.is_file():
            yield path
