"""What Step Functions tells of an execution goes to the functions of the rules that match it."""

import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.events.models import EventPattern

from local_cloud import event_bus
from local_cloud.event_bus import EventBus, NotDeliverable, execution_ended, input_of
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.roles import role
from tests.local_cloud.waiting import until

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:books"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:books:r1"
_numbers = count(1)


def description(status: str = "ABORTED", **more: Any) -> dict[str, Any]:
    """An execution as DescribeExecution tells it, with its times as text."""
    return {
        "executionArn": EXECUTION,
        "stateMachineArn": MACHINE,
        "name": "r1",
        "status": status,
        "startDate": "2020-03-01 06:10:00.250000+00:00",
        "stopDate": "2020-03-01T06:10:20.500000+00:00",
        "input": '{"window_start": "2020-02-01"}',
        "cause": "no longer needed",
        **more,
    }


def test_an_event_has_the_form_of_the_guides_examples() -> None:
    event = dict(execution_ended(description()))
    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": "123456789012",
        "time": "2020-03-01T06:10:20Z",
        "region": "us-east-1",
        "resources": [EXECUTION],
        "detail": {
            "executionArn": EXECUTION,
            "stateMachineArn": MACHINE,
            "name": "r1",
            "status": "ABORTED",
            "startDate": 1583043000250,
            "stopDate": 1583043020500,
            "input": '{"window_start": "2020-02-01"}',
            "inputDetails": {"included": True},
            "output": None,
            "outputDetails": None,
        },
    }
    succeeded = execution_ended(description("SUCCEEDED", output="7"))["detail"]
    assert (succeeded["output"], succeeded["outputDetails"]) == ("7", {"included": True})


EVENT = execution_ended(description())
PATHS = {
    "name": "$.detail.name",
    "at": "$.detail.stopDate",
    "nothing": "$.detail.nothing",
    "deeper": "$.detail.name.x",
    "none": "$.detail.output",
    "all": "$.detail.inputDetails",
    "input": "$.detail.input",
    "kind": "$.detail-type",
}


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ('{"a": <name>, "b": <at>, "c": 7}', {"a": "r1", "b": 1583043020500, "c": 7}),
        ('{"a": [<name>, "<name> at <at>"]}', {"a": ["r1", "r1 at 1583043020500"]}),
        ('{"a": "x\\"<name>\\"y", "b": <name>}', {"a": 'x"r1"y', "b": "r1"}),
        ('"<name> is over"', "r1 is over"),
        (
            '{"a": <all>, "b": <none>, "c": <kind>}',
            {"a": {"included": True}, "b": None, "c": "Step Functions Execution Status Change"},
        ),
        ('{"a": "<nothing><deeper>"}', {"a": ""}),
    ],
)
def test_a_transformer_puts_values_into_its_template_as_eventbridge_does(template: str, made: Any) -> None:
    target = {"InputTransformer": {"InputTemplate": template, "InputPathsMap": PATHS}}
    assert json.loads(input_of(target, EVENT)) == made


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ('{"a": <nothing>}', r'the input is no JSON: \{"a": \}'),  # "won't appear in the output"
        ('{"a": <input>}', "the input is no JSON"),  # "doesn't escape values"
        ('{"a": <aws.events.rule-name>}', "does not know the variable <aws.events.rule-name>"),
        ('{"a": "<other>"}', "does not know the variable <other>"),
    ],
)
def test_what_would_be_no_json_is_not_delivered(template: str, reason: str) -> None:
    target = {"InputTransformer": {"InputTemplate": template, "InputPathsMap": PATHS}}
    with pytest.raises(NotDeliverable, match=reason):
        input_of(target, EVENT)


def test_without_a_transformer_a_target_receives_its_own_input_a_part_of_the_event_or_all_of_it() -> None:
    assert input_of({"Input": '{"by": "me"}'}, EVENT) == '{"by": "me"}'
    assert json.loads(input_of({"InputPath": "$.detail.name"}, EVENT)) == "r1"
    assert json.loads(input_of({}, EVENT)) == EVENT
    with pytest.raises(NotDeliverable, match=r"the event has no \$\.detail\.error"):
        input_of({"InputPath": "$.detail.error"}, EVENT)


class Function:
    """A function that writes down what it is given; `wait` in an event lets it wait for a file."""

    CODE = """
import json, pathlib, time, uuid

def handler(event, context):
    if event.get("fails"):
        raise RuntimeError("as it was told")
    folder = pathlib.Path({folder!r})
    (folder / "begun").touch()
    while event.get("wait") and not (folder / "go").exists():
        time.sleep(0.01)
    (folder / f"{{time.monotonic_ns():020}}.json").write_text(json.dumps(event))
"""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"listens-{next(_numbers)}"
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("app.py", self.CODE.format(folder=str(folder)))
        self.arn = boto3.client("lambda").create_function(
            FunctionName=self.name,
            Role=role("listens", "lambda.amazonaws.com"),
            Runtime="python3.14",
            Handler="app.handler",
            Timeout=600,
            Code={"ZipFile": buffer.getvalue()},
        )["FunctionArn"]

    def permit(self, source: str = "rule/stopped", principal: str = "events.amazonaws.com") -> None:
        boto3.client("lambda").add_permission(
            FunctionName=self.name,
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal=principal,
            SourceArn=f"arn:aws:events:us-east-1:123456789012:{source}",
        )

    def received(self) -> list[Any]:
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]


def put_rule(target: str, name: str = "stopped", state: str = "ENABLED", *, status: str = "ABORTED", **more: Any) -> None:  # fmt: skip
    pattern: Mapping[str, Any] = {
        "source": ["aws.states"],
        "detail": {"status": [status], "stateMachineArn": [MACHINE]},
    }
    events = boto3.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target, **more}])


def calls_of(rule: str) -> set[str]:
    """The metrics that the rule has."""
    metrics = boto3.client("cloudwatch").list_metrics(Namespace="AWS/Events")["Metrics"]
    return {each["MetricName"] for each in metrics if each["Dimensions"][0]["Value"] == rule}


def deliver(*descriptions: Mapping[str, Any]) -> None:
    bus = EventBus()
    for each in descriptions:
        bus.put(execution_ended(each))
    bus.close()


@pytest.fixture
def function(endpoint: Endpoint, tmp_path: Path) -> Iterator[Function]:
    assert endpoint
    yield Function(tmp_path)
    remove_rules()


def remove_rules() -> None:
    events = boto3.client("events")
    for rule in events.list_rules()["Rules"]:
        events.remove_targets(Rule=rule["Name"], Ids=["1"])
        events.delete_rule(Name=rule["Name"])


@pytest.mark.slow
def test_a_function_is_told_of_the_executions_that_its_rule_matches(function: Function) -> None:
    function.permit()
    put_rule(
        function.arn,
        InputTransformer={
            "InputPathsMap": {"n": "$.detail.name", "s": "$.detail.status"},
            "InputTemplate": '{"run": <n>, "status": <s>}',
        },
    )
    boto3.client("events").put_rule(Name="by-the-hour", ScheduleExpression="rate(1 hour)")
    deliver(
        description("SUCCEEDED"),
        description("TIMED_OUT"),
        description(stateMachineArn=f"{MACHINE}-2"),
        description(),
        description(name="r2"),
    )
    assert function.received() == [{"run": "r1", "status": "ABORTED"}, {"run": "r2", "status": "ABORTED"}]
    assert calls_of("stopped") == {"Invocations"}


@pytest.mark.slow
def test_a_rule_that_is_disabled_tells_nobody(function: Function) -> None:
    function.permit()
    put_rule(function.arn, state="DISABLED")
    deliver(description())
    assert function.received() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("permission"),
    [{}, {"source": "rule/another"}, {"principal": "s3.amazonaws.com"}],
    ids=["none", "of another rule", "of another service"],
)
def test_a_rule_that_the_functions_policy_does_not_let_in_is_refused(
    function: Function, caplog: pytest.LogCaptureFixture, permission: dict[str, str]
) -> None:
    if permission:
        function.permit(**permission)
    put_rule(function.arn, name=(rule := f"refused-{function.name}"))
    deliver(description())
    assert function.received() == []
    assert calls_of(rule) == {"Invocations", "FailedInvocations"}
    (told,) = caplog.messages
    assert told.startswith(f"{function.arn} was not told that r1 is ABORTED: ")
    assert "AccessDeniedException" in told
    assert (
        "User: events.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{function.arn} because no resource-based policy allows the lambda:InvokeFunction action" in told
    )


@pytest.mark.slow
def test_a_target_that_cannot_be_told_leaves_the_next_one_alone(
    function: Function, caplog: pytest.LogCaptureFixture
) -> None:
    function.permit()
    put_rule(f"{function.arn}-gone", name="gone")
    put_rule("arn:aws:sqs:us-east-1:123456789012:queue", name="queue")
    put_rule(function.arn, name="no-json", InputPath="$.detail.error")
    put_rule(function.arn, Input='{"is": "told"}')
    deliver(description())
    assert function.received() == [{"is": "told"}]
    assert calls_of("gone") == calls_of("no-json") == {"Invocations", "FailedInvocations"}
    assert [name for name in ("-gone was not told", "queue is not called here", "the event has no $.detail.error") if name not in caplog.text] == []  # fmt: skip


@pytest.mark.slow
def test_a_function_that_fails_was_invoked_all_the_same(
    function: Function, caplog: pytest.LogCaptureFixture
) -> None:
    function.permit("rule/fails")
    put_rule(function.arn, name="fails", Input='{"fails": true}')
    deliver(description())
    assert calls_of("fails") == {"Invocations"}
    assert f"{function.arn} was told that r1 is ABORTED, and failed: see its log" in caplog.text


@pytest.mark.slow
def test_who_tells_does_not_wait_and_who_closes_does(function: Function) -> None:
    function.permit()
    put_rule(function.arn, Input='{"wait": true}')
    bus = EventBus()
    bus.put(EVENT)
    until((function.folder / "begun").exists)
    assert function.received() == []
    closing = threading.Thread(target=bus.close)
    closing.start()
    (function.folder / "go").touch()
    closing.join()
    assert function.received() == [{"wait": True}]


@pytest.mark.slow
def test_after_ctrl_c_nothing_more_is_delivered_and_the_log_says_what_was_not(
    function: Function, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    function.permit()
    put_rule(function.arn, Input='{"wait": true}')
    own_shutdown = ThreadPoolExecutor.shutdown

    def impatient(worker: ThreadPoolExecutor, *, wait: bool = True, cancel_futures: bool = False) -> None:
        """Of a person who presses Ctrl-C while the first function is at work."""
        if wait:
            until((function.folder / "begun").exists)
            raise KeyboardInterrupt
        own_shutdown(worker, wait=False, cancel_futures=cancel_futures)

    bus = EventBus()
    for name in ("r1", "r2", "r3"):
        bus.put(execution_ended(description(name=name)))
    with monkeypatch.context() as patched:
        patched.setattr(ThreadPoolExecutor, "shutdown", impatient)
        with pytest.raises(KeyboardInterrupt):
            bus.close()
    assert caplog.messages == [
        f"the endpoint is closed: {function.arn} was not told that {name} is ABORTED" for name in ("r2", "r3")
    ]
    (function.folder / "go").touch()
    bus.close()  # the function that was at work ends
    assert function.received() == [{"wait": True}]


@pytest.mark.slow
def test_a_fault_of_a_delivery_is_told_and_counted(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert endpoint

    def broken(*_: object) -> None:
        raise KeyError("a mistake in the code")

    monkeypatch.setattr(event_bus, "_invoke", broken)
    put_rule(arn := "arn:aws:lambda:us-east-1:123456789012:function:none", name="broken")
    try:
        deliver(description())
    finally:
        remove_rules()
    assert calls_of("broken") == {"Invocations", "FailedInvocations"}
    assert caplog.messages == [f"{arn} was not told that r1 is ABORTED"]
    assert "KeyError: 'a mistake in the code'" in caplog.text


def test_a_rule_that_cannot_be_compared_leaves_the_next_one_alone_and_the_execution_ends(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert endpoint
    own_matches = EventPattern.matches_event

    def matches(pattern: Any, event: Any) -> Any:
        if "odd" in json.dumps(pattern.get_pattern()):
            raise TypeError("odd")
        return own_matches(pattern, event)

    monkeypatch.setattr(EventPattern, "matches_event", matches)
    put_rule("arn:aws:sqs:us-east-1:123456789012:queue", name="odd", status="odd")
    put_rule("arn:aws:sqs:us-east-1:123456789012:queue", name="queue")
    bus = EventBus()
    try:
        bus.tell_end(description())
    finally:
        bus.close()
        remove_rules()
    odd, queue = caplog.messages
    assert (
        odd
        == "arn:aws:events:us-east-1:123456789012:rule/odd was not compared with the event that r1 is ABORTED"
    )
    assert queue.startswith("arn:aws:events:us-east-1:123456789012:rule/queue: the target ")


def test_an_end_that_is_no_event_ends_the_execution_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    bus = EventBus()
    bus.tell_end(description(stopDate="never"))
    bus.close()
    assert caplog.messages == ["nobody was told that r1 is ABORTED"]
    assert "Invalid isoformat string: 'never'" in caplog.text


@pytest.mark.slow
def test_what_comes_after_the_end_of_the_endpoint_is_told_to_nobody_but_the_log(
    function: Function, caplog: pytest.LogCaptureFixture
) -> None:
    function.permit()
    put_rule(function.arn)
    bus = EventBus()
    bus.close()
    bus.put(EVENT)
    assert function.received() == []
    assert caplog.messages == [
        f"the endpoint is closed: {function.arn} was not told that r1 is ABORTED",
    ]
