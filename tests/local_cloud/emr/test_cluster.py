"""The processes of a Spark cluster."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.local_cloud.alive import is_alive
from tests.local_cloud.waiting import until

STARTER = """
import sys
from pathlib import Path
import psutil
from local_cloud.emr import SparkCluster
folder = Path(sys.argv[1])
SparkCluster(folder, folder / "cluster", "http://127.0.0.1:1")
print(*{child.pid for child in psutil.Process().children(recursive=True)}, flush=True)
sys.stdin.read()
"""


@pytest.mark.spark
def test_master_and_workers_end_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        processes = [int(pid) for pid in starter.stdout.readline().split()]
        running = [pid for pid in processes if is_alive(pid)]
        starter.kill()
        until(lambda: not any(map(is_alive, processes)))
    assert len(running) >= 3
    assert sorted(path.name for path in (tmp_path / "cluster").glob("*.log")) == [
        "master.log",
        "worker-1.log",
        "worker-2.log",
    ]
