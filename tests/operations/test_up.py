"""`pipeline up`: the endpoint that stays until somebody ends it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

# on free ports: two tests, or a person's own endpoint, may run at the same time
START = """
import sys
import typer
from local_cloud.endpoint import serving
from operations import up

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
        finally:
            process.send_signal(ending)
        told = process.stderr.read()
    assert "the endpoint is up; in another terminal:\n" in shown
    assert "the endpoint is down" in told
    assert process.returncode == 0
