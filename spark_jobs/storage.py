"""Reads and writes files outside of the JVM: with Arrow's own clients, at the address that Hadoop gives."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs
from pyspark.sql import SparkSession

READ_BYTES = 16 * 1024 * 1024
"""Bytes of one request to S3."""

SMALL = 4 * 1024 * 1024
"""So many bytes are read at once, when they are asked for; of more, a file of this machine is mapped."""


@dataclass(frozen=True)
class Folder:
    """A folder: `path` below `root`; `root` is an address of Arrow's, like `s3://bucket` or `file:/folder`."""

    root: str
    path: str

    @classmethod
    def at(cls, uri: str, spark: SparkSession) -> Self:
        """The folder behind Hadoop's URI: Hadoop may have mounted the bucket from a folder of this machine."""
        parts = urlsplit(uri)
        mounted = _hadoop_conf(spark).get(f"fs.viewfs.mounttable.{parts.netloc}.linkFallback") or ""
        root = mounted if mounted.startswith("file:") else f"{parts.scheme or 'file'}://{parts.netloc}"
        return cls(root.rstrip("/"), parts.path.strip("/"))

    def blocks(self, uri: str, size: int, start: int = 0, stop: int | None = None) -> Iterator[memoryview]:
        """The bytes of a file of the folder from `start` to before `stop`, in blocks; ValueError if it has not `size` bytes."""
        end = size if stop is None else stop
        system, root = _connected(self.root, is_mapped=end - start > SMALL)
        path = f"{root}/{self.path}{uri.partition(self.path)[2]}"
        at_once = READ_BYTES if isinstance(system, fs.LocalFileSystem) else size
        for begin in range(start, max(end, start + 1), at_once):
            # a file that is mapped is opened anew for each block: what was read of it would stay in memory until it is closed
            with system.open_input_file(path) as file:
                if file.size() != size:
                    raise ValueError(f"{uri} has {file.size()} bytes, the plan says {size}: start a new run")
                file.seek(begin)
                yield from _blocks(file, min(at_once, end - begin))

    def read(self, name: str) -> bytes:
        """The content of a small file."""
        system, root = _connected(self.root)
        with system.open_input_stream(f"{root}/{self.path}/{name}") as file:
            return bytes(file.read())

    def write_json_lines(self, name: str, lines: Iterable[Mapping[str, object]]) -> None:
        """Write each as a line of a file; it replaces an existing one."""
        system, folder = self._made()
        with system.open_output_stream(f"{folder}/{name}") as file:
            for line in lines:
                file.write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())

    def write_parquet(self, name: str, schema: pa.Schema, parts: Iterable[pa.Table]) -> None:
        """Write a file; it replaces an existing one. Each part has row groups of its own."""
        system, folder = self._made()
        with (
            pq.ParquetWriter(
                f"{folder}/{name}",
                schema,
                filesystem=system,
                use_deprecated_int96_timestamps=True,  # the only Parquet timestamp that every version of COPY reads
                store_decimal_as_integer=True,
                use_dictionary=False,  # most columns hardly repeat a value: Arrow would make a dictionary and throw it away
            ) as writer
        ):
            for rows in parts:
                if rows.num_rows:  # some readers refuse a row group without rows
                    writer.write_table(rows)

    def _made(self) -> tuple[fs.FileSystem, str]:
        """Arrow's client, and the path of the folder, which exists."""
        system, root = _connected(self.root)
        folder = f"{root}/{self.path}"
        if isinstance(system, fs.LocalFileSystem):
            # not in a bucket: it has no folders, and COPY would read the object that stands for one
            system.create_dir(folder)
        return system, folder


def _blocks(file: pa.NativeFile, size: int) -> Iterator[memoryview]:
    """The next `size` bytes."""
    while size > 0 and len(block := file.read_buffer(min(READ_BYTES, size))):
        size -= len(block)
        yield memoryview(block)


@cache
def _connected(root: str, *, is_mapped: bool = False) -> tuple[fs.FileSystem, str]:
    """Arrow's client. Without the region Arrow would ask S3 for it, unsigned, and the way out of the subnets is for signed requests."""
    region = f"?region={os.environ['AWS_REGION']}" if root.startswith("s3:") else ""
    system, path = fs.FileSystem.from_uri(f"{root}/{region}")
    if is_mapped and isinstance(system, fs.LocalFileSystem):
        system = fs.LocalFileSystem(use_mmap=True)  # a file that is read once needs no copy
    return system, path.rstrip("/")


def delete_folder(uri: str, spark: SparkSession) -> None:
    """Delete a folder and everything in it; nothing if it does not exist."""
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001 (there is no public handle)
    path = jvm.org.apache.hadoop.fs.Path(uri)
    path.getFileSystem(_hadoop_conf(spark)).delete(path, True)


def _hadoop_conf(spark: SparkSession) -> Any:
    return spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001
