"""`simulate`, as a person starts it."""

import signal
import subprocess
import sys

import pytest
import requests
import typer
from typer.testing import CliRunner

from capture.simulated import simulated_goodreads
from capture.simulated.command import simulate
from tests.local_cloud.waiting import PATIENCE

app = typer.Typer()
app.command()(simulate)
START = "import typer; from capture.simulated.command import simulate; typer.run(simulate)"


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_answers_and_ends_in_order(ending: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START, "--reviews", "3", "--rate", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            url = process.stdout.readline().split()[4]
            answer = requests.get(f"{url}review/recent_reviews.xml", params={"key": "any"}, timeout=PATIENCE)
            assert answer.text.count("<review>") == 3
        finally:
            process.send_signal(ending)
        rest = process.stdout.read()
    assert f"--base-url {url}" in rest
    assert rest.splitlines()[-1] == "3 reviews were published, 1 requests were answered"
    assert process.returncode == 0


def test_a_fault_it_does_not_know_is_told_with_those_it_knows() -> None:
    told = CliRunner().invoke(app, ["--fault", "lightning=1"], env={"COLUMNS": "300", "TERM": "dumb"})
    assert told.exit_code == 2
    assert "'lightning=1' names no fault; the faults are server_error, unavailable" in told.stderr


def test_a_port_that_is_taken_is_told() -> None:
    with simulated_goodreads() as other:
        port = other.url.rstrip("/").rpartition(":")[2]
        told = CliRunner().invoke(app, ["--port", port], env={"COLUMNS": "300", "TERM": "dumb"})
    assert told.exit_code == 2
    assert f"port {port}: Address already in use; give another port" in told.stderr
