"""`pipeline up`: the endpoint that stays until somebody ends it."""

import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

# on free ports: two tests, or a person's own endpoint, may run at the same time
START = """
import sys
import typer
from local_cloud.endpoint import serving
from operations import up
from operations.console import Console

up.Console = lambda folder, port: Console(folder, 0)
up.serving = lambda folder, purpose, port, **options: serving(folder, purpose, **options)
typer.run(up.up)
"""


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_to_end_the_endpoint_is_no_error(ending: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START, "--no-deploy", "--state", str(tmp_path / "state")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "", "COLUMNS": "300"},
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            shown = [process.stdout.readline()]
            while shown[-1] and not shown[-1].startswith("Ctrl-C ends it"):
                shown.append(process.stdout.readline())
            address = next(line for line in shown if line.startswith("the console is at ")).split()[-1]
            with urlopen(address) as answer:  # noqa: S310 - an address of this machine
                page = answer.read()
        finally:
            process.send_signal(ending)
        told = process.stderr.read()
    assert "the endpoint is up; in another terminal:\n" in shown
    assert b"There is no run yet" in page
    assert "#token=" in address
    assert "the endpoint is down" in told
    assert process.returncode == 0
