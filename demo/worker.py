"""The collector and the uploader as processes of their own."""

import subprocess
import sys
from pathlib import Path

from demo.errors import DemoError
from local_cloud.processes import end_tree, start

_PROJECT = Path(__file__).resolve().parents[1]
_LAST_LINES = 5


class Worker:
    """`python -m capture <arguments>` in the environment of this process; what it says goes to a log."""

    def __init__(self, name: str, arguments: list[str], log: Path) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "capture", *arguments]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with the log continued."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = start(self._command, cwd=_PROJECT, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it on the spot, as a crash would: nothing is finished or tidied up."""
        process = self._started()
        process.kill()
        process.wait()

    def check(self) -> None:
        """DemoError if it has ended by itself."""
        if (code := self._started().poll()) is not None:
            raise DemoError(f"the {self.name} has ended with {code}: {self._said()}")

    def finish(self, seconds: float) -> None:
        """Ask it to end (SIGTERM), which makes it finish what is open; DemoError if that fails or takes longer."""
        process = self._started()
        process.terminate()
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DemoError(f"the {self.name} has not ended within {seconds:.0f} s: {self._said()}") from None
        if code:
            raise DemoError(f"the {self.name} has ended with {code}: {self._said()}")

    def close(self) -> None:
        """End it, whatever it does."""
        if self._process:
            end_tree(self._process)

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise DemoError(f"the {self.name} was not started")
        return self._process

    def _said(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(lines[-_LAST_LINES:]) + f" (log: {self._log})"
