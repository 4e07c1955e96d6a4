"""Which files a COPY reads: objects below a prefix."""

from pathlib import Path

from local_cloud.redshift.errors import SqlError


def below_prefix(buckets: Path, url: str) -> list[Path]:
    """Every visible object whose key starts with the prefix, in key order; SqlError if there is none."""
    bucket, prefix = _split(buckets, url)
    folder = bucket.joinpath(*prefix.split("/")[:-1])
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.relative_to(bucket).as_posix().startswith(prefix)
        and path.is_file()
        # Spark's _SUCCESS, _temporary/ and .crc files: Redshift skips them too.
        and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    ]
    if not found:
        raise SqlError(f"The specified S3 prefix '{prefix}' does not exist")
    return found


def url_of(buckets: Path, path: Path) -> str:
    """The s3:// address of a file below `buckets`."""
    return f"s3://{path.relative_to(buckets).as_posix()}"


def _split(buckets: Path, url: str) -> tuple[Path, str]:
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or not key or {".", ".."} & {bucket, *key.split("/")}:
        raise SqlError(f"COPY reads from 's3://bucket/prefix', not from '{url}'")
    if not (buckets / bucket).is_dir():
        raise SqlError(f"The specified bucket '{bucket}' does not exist")
    return buckets / bucket, key
