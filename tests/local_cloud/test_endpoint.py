"""An endpoint comes up, goes down, and leaves nothing behind."""

import errno
import json
import os
import socket
import threading
import time
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from socketserver import StreamRequestHandler
from typing import Any

import boto3
import psutil
import pytest
import requests

from landing.aside import sync
from local_cloud import endpoint, step_functions
from local_cloud.documents import write_document
from local_cloud.emr.gateway import HadoopGateway
from local_cloud.endpoint import serving
from local_cloud.errors import LocalCloudError
from local_cloud.event_bus import EventBus
from local_cloud.state import StateFolder
from tests.local_cloud.roles import role
from tests.local_cloud.waiting import PATIENCE, until

pytestmark = pytest.mark.usefixtures("environment")

ROLE = "arn:aws:iam::123456789012:role/any"


def create_function(code: str) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", code)
    boto3.client("lambda").create_function(
        FunctionName="function",
        Role=role("function", "lambda.amazonaws.com"),
        Runtime="python3.14",
        Handler="app.handler",
        Timeout=PATIENCE,
        Code={"ZipFile": buffer.getvalue()},
    )


def invoke(event: Any) -> tuple[Any, str | None]:
    """The payload, and the kind of error if it is one."""
    answer = boto3.client("lambda").invoke(FunctionName="function", Payload=json.dumps(event))
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


def metric(namespace: str, name: str, **dimensions: str) -> float:
    """The sum of a metric's values in the last hours."""
    now = datetime.now(UTC)
    (point,) = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=12),
        EndTime=now + timedelta(hours=12),
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(point["Sum"])


def execute(name: str, states: dict[str, Any]) -> dict[str, Any]:
    """The description of an execution that has ended, of a state machine made for it."""
    client = boto3.client("stepfunctions")
    machine = client.create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": next(iter(states)), "States": states}),
        roleArn=role("any", "states.amazonaws.com"),
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, name=name)["executionArn"]
    until(lambda: client.describe_execution(executionArn=execution)["status"] != "RUNNING")
    return dict(client.describe_execution(executionArn=execution))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def neighbouring_ports() -> tuple[socket.socket, socket.socket]:
    """A port that nothing listens on, but that no other program is given, and the next one, which is in use."""
    while True:
        first, second = socket.socket(), socket.socket()
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            first.bind(("127.0.0.1", 0))
            second.bind(("127.0.0.1", first.getsockname()[1] + 1))
        except (OSError, OverflowError):
            first.close()
            second.close()
            continue
        second.listen()
        return first, second


@pytest.mark.slow
def test_a_lambda_function_runs_its_deployed_code_and_its_errors_are_marked(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    return 100 // event\n"
    with serving(StateFolder(tmp_path), "test"):
        create_function(code)
        assert invoke(5) == (20, None)
        payload, kind = invoke(0)
        assert metric("AWS/Lambda", "Invocations", FunctionName="function") == 2
        assert metric("AWS/Lambda", "Errors", FunctionName="function") == 1
    assert kind == "Unhandled"
    assert payload["errorType"] == "ZeroDivisionError"


@pytest.mark.slow
def test_what_a_function_prints_as_metrics_has_arrived_when_it_answers(tmp_path: Path) -> None:
    code = """
import json

def handler(event, context):
    metrics = [{"Namespace": "Books", "Dimensions": [["service"]], "Metrics": [{"Name": "Rows"}]}]
    print(json.dumps({"_aws": {"Timestamp": event, "CloudWatchMetrics": metrics}, "service": "s", "Rows": 7}))
"""
    now = int(1000 * time.time())
    for times in (1, 2):  # the second endpoint writes into the same log
        with serving(StateFolder(tmp_path), "test"):
            create_function(code)
            for time_ in range(times):
                invoke(now - time_)
            assert metric("Books", "Rows", service="s") == 7 * times


@pytest.mark.slow
def test_an_error_of_a_function_reaches_the_state_machine_under_its_name(tmp_path: Path) -> None:
    states = {"Divide": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "function", "Payload": 0}, "End": True}}  # fmt: skip
    with serving(StateFolder(tmp_path), "test"):
        create_function("def handler(event, context):\n    return 100 // event\n")
        ended = execute("divides", states)
    assert (ended["status"], ended["error"]) == ("FAILED", "ZeroDivisionError")


@pytest.mark.slow
def test_a_second_endpoint_of_a_process_uses_no_session_of_the_first_one(tmp_path: Path) -> None:
    states = {"Echo": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "function", "Payload": 7}, "OutputPath": "$.Payload", "End": True}}  # fmt: skip
    for name in ("first", "second"):
        with serving(StateFolder(tmp_path / name), "test"):
            create_function("def handler(event, context):\n    return event\n")
            assert execute("echoes", states)["output"] == "7"


@pytest.mark.slow
def test_a_step_that_fails_reaches_the_state_machine_with_its_reason(tmp_path: Path) -> None:
    step = {"Name": "copy", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["s3-dist-cp"]}}
    with serving(StateFolder(tmp_path), "test"):
        cluster = boto3.client("emr").run_job_flow(
            Name="any", Instances={"KeepJobFlowAliveWhenNoSteps": True}
        )["JobFlowId"]
        states = {"Copy": {"Type": "Task", "Resource": "arn:aws:states:::elasticmapreduce:addStep.sync", "Parameters": {"ClusterId": cluster, "Step": step}, "End": True}}  # fmt: skip
        ended = execute("copies", states)
        listed = boto3.client("emr").list_steps(ClusterId=cluster)["Steps"]
    assert [(each["Name"], each["Status"]["State"]) for each in listed] == [("copy", "FAILED")]
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    status = json.loads(ended["cause"])["Step"]["Status"]
    assert status["FailureDetails"]["Message"] == "only spark-submit runs here, not ['s3-dist-cp']"


@pytest.mark.slow
def test_ctrl_c_ends_children_and_frees_folder_and_ports(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(KeyboardInterrupt), serving(state, "test") as addresses:  # noqa: PT012 - the block is the test
        create_function("def handler(event, context):\n    return 1\n")
        invoke(None)
        assert set(psutil.Process().children(recursive=True)) - before
        assert not is_free(port_of(addresses.url))
        raise KeyboardInterrupt
    assert set(psutil.Process().children(recursive=True)) - before == set()
    assert is_free(port_of(addresses.url))
    assert is_free(port_of(addresses.s3_url))
    assert state.running() is None
    with state.locked():
        pass


@pytest.mark.slow
def test_a_redriven_execution_that_the_endpoint_ends_is_written_down_as_it_ended_last(tmp_path: Path) -> None:
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    document = StateFolder(tmp_path).executions / "waits.json"
    with serving(StateFolder(tmp_path), "test"):
        client = boto3.client("stepfunctions")
        machine = client.create_state_machine(name="waits", definition=json.dumps(definition), roleArn=ROLE)
        started = client.start_execution(stateMachineArn=machine["stateMachineArn"], name="waits")
        client.stop_execution(executionArn=started["executionArn"], cause="the first time")
        until(document.exists)
        client.redrive_execution(executionArn=started["executionArn"])
    ended = json.loads(document.read_text())["events"]
    assert "ExecutionRedriven" in [event["type"] for event in ended]
    assert ended[-1]["type"] == "ExecutionAborted"
    assert ended[-1]["executionAbortedEventDetails"]["cause"] == "the endpoint went down"


@pytest.mark.slow
def test_an_endpoint_that_goes_down_tells_of_what_it_ends_and_leaves_no_process(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    told = tmp_path / "told.json"
    code = f"import json\n\ndef handler(event, context):\n    open({str(told)!r}, 'w').write(json.dumps(event))\n"
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    with serving(StateFolder(tmp_path), "test"):
        events = boto3.client("events")
        create_function(code)
        rule = events.put_rule(Name="stopped", EventPattern='{"source": ["aws.states"]}')["RuleArn"]
        function = f"{rule.rpartition(':rule')[0].replace(':events:', ':lambda:')}:function:function"
        events.put_targets(Rule="stopped", Targets=[{"Id": "1", "Arn": function}])
        boto3.client("lambda").add_permission(
            FunctionName="function",
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=rule,
        )
        client = boto3.client("stepfunctions")
        machine = client.create_state_machine(name="waits", definition=json.dumps(definition), roleArn=ROLE)
        client.start_execution(stateMachineArn=machine["stateMachineArn"], name="waits")
    detail = json.loads(told.read_text())["detail"]
    assert (detail["name"], detail["status"]) == ("waits", "ABORTED")
    assert set(psutil.Process().children(recursive=True)) - before == set()


@pytest.mark.slow
def test_an_endpoint_that_goes_down_tells_of_an_execution_whose_document_is_already_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The document is there, the disk is slow, and the endpoint goes on: it waits for the execution's end, or it closes the bus."""
    goes_on, document = threading.Event(), StateFolder(tmp_path).executions / "waits.json"
    own_close, own_lock = EventBus.close, step_functions.ending

    class Watched:
        def __enter__(self) -> None:
            if document.exists():
                goes_on.set()
            own_lock.acquire()

        def __exit__(self, *_: object) -> None:
            own_lock.release()

    def close(bus: EventBus) -> None:
        own_close(bus)
        goes_on.set()

    def slow(folder: Path) -> None:
        sync(folder)
        if folder.name == "executions":
            assert goes_on.wait(PATIENCE)

    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    with serving(StateFolder(tmp_path), "test"):
        events = boto3.client("events")
        events.put_rule(Name="stopped", EventPattern='{"source": ["aws.states"]}')
        queue = "arn:aws:sqs:us-east-1:123456789012:queue"
        events.put_targets(Rule="stopped", Targets=[{"Id": "1", "Arn": queue}])
        client = boto3.client("stepfunctions")
        machine = client.create_state_machine(name="waits", definition=json.dumps(definition), roleArn=ROLE)
        client.start_execution(stateMachineArn=machine["stateMachineArn"], name="waits")
        monkeypatch.setattr(EventBus, "close", close)
        monkeypatch.setattr(step_functions, "ending", Watched())
        monkeypatch.setattr("local_cloud.documents.sync", slow)
    (told,) = caplog.messages
    assert told.endswith(f"the target {queue} is not called here, only functions are")


@pytest.mark.slow
def test_an_execution_that_cannot_be_written_down_is_told_and_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, document: object) -> None:
        if path.parent.name == "executions":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_document(path, document)

    monkeypatch.setattr(endpoint, "write_document", full)
    lost = pytest.raises(LocalCloudError, match=r"^waits could not be written down, see above$")
    with lost, serving(StateFolder(tmp_path), "test"):
        assert execute("waits", {"Wait": {"Type": "Succeed"}})["status"] == "SUCCEEDED"
    (told,) = caplog.messages
    assert told.startswith("waits has ended, SUCCEEDED, but `status` will not know it: disk full: ")


def test_a_port_in_use_is_named_and_the_folder_stays_free(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LocalCloudError, match=f"^port {port} is in use .* give another port: --port$"):
            serving(state, "test", port).__enter__()
    with state.locked():
        pass


def test_a_port_is_for_the_control_plane_and_the_next_one_for_s3(tmp_path: Path) -> None:
    control, taken = neighbouring_ports()
    with control, taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalCloudError, match=f"^port {port} is in use"):
            serving(StateFolder(tmp_path), "test", port - 1).__enter__()


@pytest.mark.slow
def test_a_second_endpoint_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with serving(state, "first"):
        found = state.running()
        with pytest.raises(LocalCloudError, match="is in use: `first`, process"):
            serving(state, "second").__enter__()
        assert state.running() == found


@pytest.mark.slow
def test_an_endpoint_knows_nothing_of_the_one_before_it_and_writes_nothing_into_its_folder(
    tmp_path: Path,
) -> None:
    def use(name: str) -> dict[str, list[str]]:
        with serving(StateFolder(tmp_path / name), "test"):
            for service in ("s3", "dynamodb", "sns"):
                assert names_in(service) == []
            boto3.client("s3").create_bucket(Bucket=f"bucket-of-{name}")
            boto3.client("sns").create_topic(Name="the-same-in-both")
            boto3.client("dynamodb").create_table(
                TableName="the-same-in-both",
                KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
            boto3.client("dynamodb").put_item(TableName="the-same-in-both", Item={"key": {"S": name}})
            execute(f"execution-of-{name}", {"Done": {"Type": "Succeed"}})
            until((tmp_path / name / "executions" / f"execution-of-{name}.json").exists)
        return {folder: listed(tmp_path / name / folder) for folder in ("buckets", "tables", "executions")}

    first = use("first")
    assert first == {
        "buckets": ["bucket-of-first"],
        "tables": ["the-same-in-both.json"],
        "executions": ["execution-of-first.json"],
    }
    table = (tmp_path / "first" / "tables" / "the-same-in-both.json").read_text()
    assert use("second")["buckets"] == ["bucket-of-second"]
    assert {folder: listed(tmp_path / "first" / folder) for folder in first} == first
    assert (tmp_path / "first" / "tables" / "the-same-in-both.json").read_text() == table


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def names_in(service: str) -> list[str]:
    if service == "s3":
        return [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]
    if service == "dynamodb":
        return list(boto3.client("dynamodb").list_tables()["TableNames"])
    return [topic["TopicArn"] for topic in boto3.client("sns").list_topics()["Topics"]]


@pytest.mark.slow
def test_no_body_of_an_answer_waits_for_the_acknowledgement_of_its_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux acknowledges late, and a server that waits for it takes 40 ms for each answer (Nagle's algorithm)."""
    waiting: dict[str, bool] = {}
    setup = StreamRequestHandler.setup

    def set_up_and_look(handler: Any) -> None:
        setup(handler)
        at_once = handler.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        waiting[type(handler).__name__] = not at_once

    monkeypatch.setattr(StreamRequestHandler, "setup", set_up_and_look)
    with serving(StateFolder(tmp_path), "test"), closing(HadoopGateway("")) as gateway:
        boto3.client("stepfunctions").list_state_machines()
        boto3.client("s3").list_buckets()
        requests.get(gateway.address("zone").replace("webhdfs", "http"), timeout=PATIENCE)
    assert waiting == {"MotoRequestHandler": False, "ObjectHandler": False, "AtOnce": False}
