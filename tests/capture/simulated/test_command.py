"""`simulate`, as a person starts it."""

import json
import signal
import subprocess
import sys
from itertools import takewhile

import pytest
import requests
import typer
from typer.testing import CliRunner

from capture.simulated import simulated_goodreads
from capture.simulated.command import simulate
from tests.capture.answered import answered, documented
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


@pytest.mark.slow
def test_its_answer_in_json_comes_at_the_end_and_alone() -> None:
    command = [sys.executable, "-m", "capture", "simulate", "--reviews", "3", "--rate", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            url = process.stderr.readline().split()[4]
            for _ in range(2):
                requests.get(f"{url}review/recent_reviews.xml", params={"key": "any"}, timeout=PATIENCE)
        finally:
            process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    document = json.loads(told)
    assert document == {"url": url, "reviews": 3, "requests": 2}
    assert set(document) == documented()["simulate"]


def test_its_error_in_json_is_the_one_that_it_says() -> None:
    document, said, code = answered("simulate", "--fault", "lightning=1")
    assert code == 2
    assert document["error"].startswith("Invalid value for --fault: 'lightning=1' names no fault")
    assert "'lightning=1' names no fault" in said


@pytest.mark.slow
def test_it_says_which_of_the_readers_are_private_and_which_are_gone() -> None:
    options = ["--private", "2", "--gone", "1", "--rate", "0", "--users", "9"]
    with subprocess.Popen(
        [sys.executable, "-c", START, *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            lines = list(takewhile(lambda line: line != "Ctrl-C ends it.\n", process.stdout))
            url = lines[0].split()[4]
            found = {
                reader: requests.get(
                    f"{url}review/list_rss/{reader}",
                    headers={"User-Agent": "Mozilla/5.0"},
                    timeout=PATIENCE,
                    allow_redirects=False,
                ).status_code
                for reader in lines[2].partition(" --base-url")[0].split()[4:]
            }
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()
    assert list(found.values()) == [200, 302, 302, 404]
    said = {
        line.partition(": ")[0]: line.partition(": ")[2].split() for line in lines if line.startswith("These")
    }
    _, *private, gone = found
    assert said == {
        "These readers are private, and open to any GOODREADS_FEED_KEY": sorted(private, key=int),
        "These readers are gone": [gone],
    }


def test_more_private_and_gone_readers_than_there_are_users_are_refused() -> None:
    told = CliRunner().invoke(
        app, ["--users", "3", "--private", "2", "--gone", "2"], env={"COLUMNS": "300", "TERM": "dumb"}
    )
    assert told.exit_code == 2
    assert "2 private and 2 gone are more than the 3 users" in told.stderr


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
