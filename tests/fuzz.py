"""Property tests with other examples in each round, until the time is over: python -m tests.fuzz MINUTES [pytest arguments]."""

import shlex
import subprocess
import sys
import time
from itertools import cycle
from random import SystemRandom

_ALL = "hypothesis"
_FAST = "hypothesis and not spark and not e2e and not crash"
_ROUNDS = cycle([_ALL, _FAST, _FAST, _FAST])

_FOUND = """
This round found what is told above. To see a finding again, put the line @reproduce_failure(...), which is printed with it, above its
test and run that test; or run the whole round again:
  {command}
Then keep the finding: an @example(...) above the test makes `make test` try it always."""


def fuzz(minutes: float, arguments: list[str]) -> int:
    """Rounds of pytest until the time is over (the last one is finished), or until one finds something: its exit code."""
    end = time.monotonic() + 60 * minutes
    code = 0
    for marks in _ROUNDS:
        seed = SystemRandom().getrandbits(32)
        command = [sys.executable, "-m", "pytest", "-q", "-m", marks, "--numprocesses=2", "--dist=worksteal"]
        command += ["--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}", *arguments]
        print(f"\nseed {seed}: {marks}", flush=True)
        code = subprocess.call(command)
        if code:
            print(_FOUND.format(command=shlex.join(command)))
        if code or time.monotonic() >= end:
            break
    return code


if __name__ == "__main__":
    sys.exit(fuzz(float(sys.argv[1]), sys.argv[2:]))
