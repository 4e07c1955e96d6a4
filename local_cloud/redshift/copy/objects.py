"""Which files a COPY reads: objects below a prefix, or those a manifest names."""

import json
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


def in_manifest(buckets: Path, url: str) -> list[Path]:
    """The objects that the manifest at `url` lists; an entry that is not mandatory may be missing.

    SqlError for a manifest that Redshift would refuse for a Parquet load: no `meta.content_length`, or a wrong one.
    """
    manifest = _object(buckets, url)
    if not manifest.is_file():
        raise SqlError(f"The specified S3 prefix '{_split(buckets, url)[1]}' does not exist")
    try:
        entries = [_entry(buckets, url, entry) for entry in json.loads(manifest.read_bytes())["entries"]]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise SqlError(
            f"the manifest {url} is not {{'entries': [{{'url': ..., 'meta': ...}}]}}: {error!r}"
        ) from None
    found = [path for path in entries if path is not None]
    if not found:
        raise SqlError(f"the manifest {url} names no object that exists")
    return found


def url_of(buckets: Path, path: Path) -> str:
    """The s3:// address of a file below `buckets`."""
    return f"s3://{path.relative_to(buckets).as_posix()}"


def _entry(buckets: Path, manifest: str, entry: dict[str, object]) -> Path | None:
    url = str(entry["url"])
    meta = entry.get("meta")
    expected = meta.get("content_length") if isinstance(meta, dict) else None
    if not isinstance(expected, int):
        raise SqlError(f"the manifest {manifest} lacks meta.content_length for {url}: Parquet loads need it")
    path = _object(buckets, url)
    if not path.is_file():
        if entry.get("mandatory"):
            raise SqlError(f"the manifest {manifest} demands {url}, which does not exist")
        return None
    if path.stat().st_size != expected:
        raise SqlError(
            f"{url} has {path.stat().st_size} bytes, its content_length in {manifest} is {expected}"
        )
    return path


def _object(buckets: Path, url: str) -> Path:
    bucket, key = _split(buckets, url)
    return bucket / key


def _split(buckets: Path, url: str) -> tuple[Path, str]:
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or not key or {".", ".."} & {bucket, *key.split("/")}:
        raise SqlError(f"COPY reads from 's3://bucket/prefix', not from '{url}'")
    if not (buckets / bucket).is_dir():
        raise SqlError(f"The specified bucket '{bucket}' does not exist")
    return buckets / bucket, key
