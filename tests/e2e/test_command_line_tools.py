"""The plain AWS and CDK CLIs against the endpoint, and the project's own commands, as a person uses them."""

import contextlib
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from catalog import REVIEWS
from local_cloud.state import StateFolder
from stacks import ROOT
from tests import assemblies
from tests.e2e.commands import operations
from tests.e2e.pipeline import Pipeline
from tests.e2e.records import EVENING, NOON, author, csv_file
from tests.local_cloud.alive import is_alive
from tests.local_cloud.waiting import PATIENCE, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pipeline(pipeline_of_the_cdk_cli: Pipeline) -> Pipeline:
    return pipeline_of_the_cdk_cli


def aws(*arguments: str) -> Any:
    """The JSON that the AWS CLI prints."""
    command = [str(Path(sys.executable).with_name("aws")), *arguments, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def test_the_aws_cli_starts_an_execution_and_reads_its_history(pipeline: Pipeline, tmp_path: Path) -> None:
    source = tmp_path / "author.csv"
    source.write_bytes(csv_file([author(1, "by hand", NOON)]))
    aws(
        "s3api",
        "put-object",
        "--bucket",
        pipeline.bucket("landing").name,
        "--key",
        "author.csv",
        "--body",
        str(source),
    )
    machine = aws("stepfunctions", "list-state-machines")["stateMachines"][0]["stateMachineArn"]

    started = aws("stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", "by-hand")
    assert pipeline.wait("by-hand").final_state == "Succeeded"
    described = aws("stepfunctions", "describe-execution", "--execution-arn", started["executionArn"])
    history = aws("stepfunctions", "get-execution-history", "--execution-arn", started["executionArn"])

    assert described["status"] == "SUCCEEDED"
    assert json.loads(described["output"])["datasets"]["authors"]["rows_inserted"] == 1
    assert [history["events"][0]["type"], history["events"][-1]["type"]] == [
        "ExecutionStarted",
        "ExecutionSucceeded",
    ]
    looked_at_from_elsewhere()


def looked_at_from_elsewhere() -> None:
    """The commands with --aws know the endpoint from the environment alone, as they know AWS. Nobody but a reader may look."""
    denied = operations("checks", "--aws")
    assert (denied.returncode, "`pipeline readers add NAME --aws`" in denied.stderr) == (1, True)
    added = operations("readers", "add", "administrator", "--aws")
    assert added.returncode == 0, added.stderr

    checked = operations("checks", "by-hand", "--all", "--aws", "--json")
    assert checked.returncode == 0, checked.stderr
    rules = {(each["table"], each["rule"]) for each in json.loads(checked.stdout)["checks"]}
    assert {("authors", "author_id unique"), ("authors", "profile_url pattern")} <= rules
    explained = operations("explain", "author", "1", "--aws", "--json")
    assert explained.returncode == 0, explained.stderr
    (record,) = json.loads(explained.stdout)["records"]
    assert (record["run_id"], record["file"]) == ("by-hand", "author.csv")


def test_run_then_look_with_status_history_and_query_and_ask_what_a_delivery_would_do(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    data = tmp_path / "data"
    data.mkdir()
    authors = [
        author(1, "Ursula K. Le Guin", NOON),
        author("x", "rejected", NOON),
        author("y", "rejected", NOON),
    ]
    (data / "author.csv").write_bytes(csv_file(authors))
    (data / "reviews.csv").write_bytes(
        csv_file([{"review_id": "1", "author_id": "1", "record_create_timestamp": NOON}], REVIEWS)
    )

    ran = operations("run", str(data), "--accept-rejects", "--state", state)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "SUCCEEDED" in ran.stdout
    assert "authors" in ran.stdout
    told = " ".join(ran.stdout.split())
    assert "the reviews are from 2020-02-19 to 2020-02-19" in told
    assert "--window-start 2020-02-19 --window-end 2020-02-20" in told
    assert "SUCCEEDED" in operations("status", "--state", state).stdout
    assert "PublishWarehouse" in operations("history", "--state", state).stdout
    reported = operations("report", "--to", str(tmp_path / "report"), "--state", state)
    assert "succeeded with rejects" in reported.stdout, reported.stderr
    made = json.loads((tmp_path / "report" / "run.json").read_text(encoding="utf-8"))
    assert [rows["read"] for rows in made["datasets"] if rows["dataset"] == "authors"] == [3]
    assert made["run_id"] in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    answer = operations("query", "select name from goodreads_warehouse.authors", "--state", state)
    assert "Ursula K. Le Guin" in answer.stdout
    would_do(tmp_path / "delivery", state)


def would_do(delivery: Path, state: str) -> None:
    """A renamed author, a row that breaks a rule, and a review of yesterday, which is in the window of the run before."""
    delivery.mkdir()
    renamed = [author(1, "Ursula Le Guin", EVENING), author("x", "rejected", NOON)]
    review = {"review_id": "2", "author_id": "1", "review_rating": "5"}
    written = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d %H:%M:%S}"
    (delivery / "author.csv").write_bytes(csv_file(renamed))
    (delivery / "reviews.csv").write_bytes(
        csv_file([{**review, "record_create_timestamp": written}], REVIEWS)
    )

    told = operations("contract", "--check", str(delivery), "--state", state, "--json")
    assert told.returncode == 0, told.stdout + told.stderr
    answer = json.loads(told.stdout)

    assert answer["would_publish"] is True
    counts = {
        name: {of.removeprefix("rows_"): rows for of, rows in each.items() if rows}
        for name, each in answer["datasets"].items()
    }
    assert counts["authors"] == {"read": 2, "updated": 1, "quarantined": 1}
    assert counts["reviews"] == {"read": 1, "inserted": 1}
    assert [(each["rule"], each["rows"]) for each in answer["rejects"]] == [("type", 1)]
    first = {"id": 1, "label": "Ursula Le Guin", "before": None, "after": 1}
    of_authors = ("review_count", "average_rating", "weighted_rating", "wilson_score")
    tables = [f"popular_authors_{each}" for each in of_authors]
    tables.insert(2, "best_authors")
    assert answer["rankings"] == [{"ranking": table, **first} for table in tables]
    kept = operations("query", "select name from goodreads_warehouse.authors", "--state", state, "--json")
    assert json.loads(kept.stdout)["rows"] == [["Ursula K. Le Guin"]]  # nothing was published


def test_ctrl_c_in_the_spark_step_leaves_no_process_and_loses_no_file(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    state = tmp_path / "state"
    assemblies.as_of_an_earlier_run(tmp_path_factory, StateFolder(state))
    data = tmp_path / "data"
    data.mkdir()
    (data / "author.csv").write_bytes(csv_file([author(1, "Ursula K. Le Guin", NOON)]))
    command = [sys.executable, "-m", "operations", "run", str(data), "--state", str(state)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
    ) as running:
        spark = _spark_once_started(running.pid)
        spark.suspend()  # the step cannot end before it is interrupted
        until(lambda: any(state.glob("buckets/goodreads-working-*/run=*/copied.json")))
        children = psutil.Process(running.pid).children(recursive=True)

        second = operations("run", str(data), "--state", str(state))
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=PATIENCE)

    assert spark in children
    assert second.returncode == 1
    assert "is in use: `run`, process" in second.stderr
    assert running.returncode == 130
    assert "interrupted" in output.decode()
    assert [child for child in children if is_alive(child.pid)] == []
    assert [path.name for path in state.glob("buckets/goodreads-landing-*/*")] == ["author.csv"]


def _spark_once_started(pid: int) -> psutil.Process:
    found: list[psutil.Process] = []

    def look() -> bool:
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # it may end while it is looked at
                main, *_ = [part for part in child.cmdline() if part.startswith("org.apache.spark.")] or [""]
                if (
                    main == "org.apache.spark.deploy.SparkSubmit"
                ):  # and not the JVM that works out its command
                    found.append(child)
        return bool(found)

    until(look)
    return found[0]
