"""An execution that was not successful goes on from where it ended."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local_cloud.step_functions.redrive import description, place_to_go_on
from operations.executions import Archive, visits
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.roles import role
from tests.local_cloud.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

TABLE = "marks"
HOLD = {"Type": "Wait", "Seconds": 600, "Next": "Done"}


@dataclass
class Machines:
    """State machines of states that leave marks in a table, and what became of their executions."""

    sfn: "SFNClient"
    dynamodb: Any
    archive: Archive
    role: str

    def start(self, name: str, states: dict[str, Any], **settings: Any) -> str:
        """Start an execution of a new state machine, both called `name`; its ARN."""
        definition = {"StartAt": next(iter(states)), "States": states, **settings}
        machine = self.sfn.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=self.role
        )["stateMachineArn"]
        arn: str = self.sfn.start_execution(stateMachineArn=machine, name=name, input='{"from": "input"}')[
            "executionArn"
        ]
        return arn

    def ended(self, arn: str) -> dict[str, Any]:
        until(lambda: self.sfn.describe_execution(executionArn=arn)["status"] != "RUNNING")
        return dict(self.sfn.describe_execution(executionArn=arn))

    def redriven(self, arn: str) -> dict[str, Any]:
        """The description of the execution when it has ended once more."""
        self.sfn.redrive_execution(executionArn=arn)
        return self.ended(arn)

    def events(self, arn: str) -> list[dict[str, Any]]:
        return [dict(event) for event in self.sfn.get_execution_history(executionArn=arn)["events"]]

    def entered(self, arn: str) -> list[str]:
        found = (event.get("stateEnteredEventDetails") for event in self.events(arn))
        return [details["name"] for details in found if details]

    def count(self, mark: str) -> int:
        """How often a state has left the mark."""
        item = self.dynamodb.get_item(TableName=TABLE, Key={"mark": {"S": mark}}).get("Item", {})
        return int(item.get("times", {"N": "0"})["N"])

    def allow(self, mark: str) -> None:
        """From now on a state that needs the mark succeeds."""
        self.dynamodb.put_item(TableName=TABLE, Item={"mark": {"S": mark}, "allowed": {"BOOL": True}})


@pytest.fixture(scope="module")
def machines(endpoint: Endpoint) -> Iterator[Machines]:
    with closing(boto3.client("stepfunctions")) as sfn, closing(boto3.client("dynamodb")) as dynamodb:
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "mark", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "mark", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Machines(
            sfn, dynamodb, Archive(endpoint.state.executions), role("redrives", "states.amazonaws.com")
        )


def marks(mark: str, **more: Any) -> dict[str, Any]:
    """A state that counts how often it has run, and passes its input on."""
    parameters = {
        "TableName": TABLE,
        "Key": {"mark": {"S": mark}},
        "UpdateExpression": "ADD times :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    resource = "arn:aws:states:::dynamodb:updateItem"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "ResultPath": None, **more}


def needs(mark: str, **more: Any) -> dict[str, Any]:
    """A state that fails until the mark is allowed; it also counts how often it has succeeded."""
    state = marks(mark, **more)
    state["Parameters"]["ConditionExpression"] = "allowed = :yes"
    state["Parameters"]["ExpressionAttributeValues"][":yes"] = {"BOOL": True}
    return state


def waits_for(mark: str, **more: Any) -> dict[str, Any]:
    """A state that is tried until another has left the mark."""
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 60, "BackoffRate": 1.0}]
    state = marks(mark, Retry=retry, **more)
    state["Parameters"] |= {
        "ConditionExpression": "attribute_exists(times)",
        "UpdateExpression": "SET seen = :one",
    }
    return state


def names_the_execution(**more: Any) -> dict[str, Any]:
    parameters = {"name.$": "$$.Execution.Name", "input.$": "$$.Execution.Input", "given.$": "$"}
    return {"Type": "Pass", "Parameters": parameters, **more}


@pytest.mark.slow
def test_a_failed_execution_goes_on_with_the_state_that_failed_as_the_same_execution(
    machines: Machines,
) -> None:
    name = "fails-in-the-middle"
    states = {
        "Before": marks(f"{name}/before", ResultPath=None, Next="Prepare"),
        "Prepare": {"Type": "Pass", "Result": 7, "ResultPath": "$.prepared", "Next": "Work"},
        "Work": needs(f"{name}/work", Next="After"),
        "After": names_the_execution(End=True),
    }
    arn = machines.start(name, states)
    failed = machines.ended(arn)
    assert (failed["status"], failed["error"]) == ("FAILED", "DynamoDB.ConditionalCheckFailedException")
    assert (failed["redriveCount"], failed["redriveStatus"]) == (0, "REDRIVABLE")
    assert "redriveDate" not in failed
    before = machines.events(arn)

    machines.allow(f"{name}/work")
    done = machines.redriven(arn)

    assert done["status"] == "SUCCEEDED"
    assert "error" not in done
    assert "cause" not in done
    assert [done[kept] for kept in ("name", "executionArn", "startDate", "input")] == [
        failed[kept] for kept in ("name", "executionArn", "startDate", "input")
    ]
    assert json.loads(done["output"]) == {
        "name": name,
        "input": {"from": "input"},
        "given": {"from": "input", "prepared": 7},
    }
    assert machines.count(f"{name}/before") == 1
    assert machines.count(f"{name}/work") == 1
    assert machines.entered(arn) == ["Before", "Prepare", "Work", "Work", "After"]
    events = machines.events(arn)
    assert events[: len(before)] == before
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    redriven = events[len(before)]
    assert (redriven["type"], redriven["executionRedrivenEventDetails"]) == (
        "ExecutionRedriven",
        {"redriveCount": 1},
    )
    assert (done["redriveCount"], done["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    assert done["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert done["redriveDate"] == redriven["timestamp"]


def test_an_aborted_execution_goes_on_with_the_state_it_was_in(machines: Machines) -> None:
    name = "stopped"
    states = {"Before": marks(f"{name}/before", Next="Hold"), "Hold": HOLD, "Done": {"Type": "Succeed"}}
    arn = machines.start(name, states)
    for times in (1, 2):
        until(lambda times=times: machines.entered(arn) == ["Before"] + ["Hold"] * times)  # type: ignore[misc]
        machines.sfn.stop_execution(executionArn=arn)
        assert machines.ended(arn)["status"] == "ABORTED"
        machines.sfn.redrive_execution(executionArn=arn)
    described = machines.sfn.describe_execution(executionArn=arn)
    assert (described["status"], described["redriveCount"]) == ("RUNNING", 2)
    assert "stopDate" not in described
    assert machines.count(f"{name}/before") == 1


def endings(machines: Machines, arn: str) -> list[str]:
    """The ends by time in an execution's history, and what began it again."""
    kinds = [str(event["type"]) for event in machines.events(arn)]
    return [kind for kind in kinds if kind in {"ExecutionRedriven", "ExecutionTimedOut"}]


@pytest.mark.slow
def test_an_execution_that_timed_out_goes_on_and_may_time_out_again(machines: Machines) -> None:
    arn = machines.start("times-out", {"Hold": HOLD, "Done": {"Type": "Succeed"}}, TimeoutSeconds=1)
    assert machines.ended(arn)["status"] == "TIMED_OUT"
    until(lambda: machines.events(arn)[-1]["type"] == "ExecutionTimedOut")
    again = machines.redriven(arn)
    assert (again["status"], again["redriveCount"]) == ("TIMED_OUT", 1)
    until(lambda: endings(machines, arn) == ["ExecutionTimedOut", "ExecutionRedriven", "ExecutionTimedOut"])
    # on a busy machine a second may be over before the state is entered
    assert set(machines.entered(arn)) <= {"Hold"}


def test_a_fail_state_fails_again(machines: Machines) -> None:
    name = "ends-in-fail"
    states = {
        "Work": needs(f"{name}/work", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Failed"}], Next="Done"),
        "Done": {"Type": "Succeed"},
        "Failed": {"Type": "Fail", "Error": "Told", "Cause": "it was told to"},
    }
    arn = machines.start(name, states)
    machines.ended(arn)
    machines.allow(f"{name}/work")
    again = machines.redriven(arn)
    assert (again["status"], again["error"], again["redriveCount"]) == ("FAILED", "Told", 1)
    assert machines.entered(arn) == ["Work", "Failed", "Failed"]
    assert machines.redriven(arn)["redriveCount"] == 2


@pytest.mark.slow
def test_a_parallel_state_is_run_again_as_a_whole(machines: Machines) -> None:
    name = "parallel"
    branches: list[dict[str, Any]] = [
        {"StartAt": "Left", "States": {"Left": marks(f"{name}/left", End=True)}},
        {
            "StartAt": "Right",
            "States": {
                "Right": waits_for(f"{name}/left", Next="Fragile"),
                "Fragile": needs(f"{name}/right", End=True),
            },
        },
    ]
    states = {
        "Before": marks(f"{name}/before", Next="Both"),
        "Both": {"Type": "Parallel", "Branches": branches, "Next": "After"},
        "After": marks(f"{name}/after", End=True),
    }
    arn = machines.start(name, states)
    assert machines.ended(arn)["status"] == "FAILED"
    assert (machines.count(f"{name}/left"), machines.count(f"{name}/right")) == (1, 0)
    machines.allow(f"{name}/right")
    assert machines.redriven(arn)["status"] == "SUCCEEDED"
    times = {mark: machines.count(f"{name}/{mark}") for mark in ("before", "left", "right", "after")}
    assert times == {"before": 1, "left": 2, "right": 1, "after": 1}


def test_a_map_goes_on_with_the_items_it_had(machines: Machines) -> None:
    name = "map"
    needing = needs(f"{name}/item", End=True)
    states = {
        "List": {"Type": "Pass", "Result": [1, 2, 3], "Next": "Each"},
        "Each": {
            "Type": "Map",
            "MaxConcurrency": 1,
            "ItemProcessor": {"StartAt": "Item", "States": {"Item": needing}},
            "End": True,
        },
    }
    arn = machines.start(name, states)
    assert machines.ended(arn)["status"] == "FAILED"
    machines.allow(f"{name}/item")
    done = machines.redriven(arn)
    assert (done["status"], json.loads(done["output"])) == ("SUCCEEDED", [1, 2, 3])
    assert machines.count(f"{name}/item") == 3


@pytest.mark.slow
def test_the_retries_of_a_state_begin_anew(machines: Machines) -> None:
    name = "retries"
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    arn = machines.start(name, {"Work": needs(f"{name}/work", Retry=retry, End=True)})
    machines.ended(arn)
    machines.redriven(arn)
    kinds = [event["type"] for event in machines.events(arn)]
    assert kinds.count("TaskFailed") == 4
    assert [
        kinds[: kinds.index("ExecutionRedriven")].count("TaskFailed"),
        kinds.count("ExecutionFailed"),
    ] == [2, 2]


def test_a_running_a_succeeded_and_an_unknown_execution_are_not_redriven(machines: Machines) -> None:
    running = machines.start("runs", {"Hold": HOLD, "Done": {"Type": "Succeed"}})
    succeeded = machines.start("succeeds", {"Done": {"Type": "Succeed"}})
    machines.ended(succeeded)
    for arn, status in ((running, "RUNNING"), (succeeded, "SUCCEEDED")):
        before = len(machines.events(arn)) if status == "SUCCEEDED" else None
        with pytest.raises(
            machines.sfn.exceptions.ExecutionNotRedrivable,
            match=f"Execution is {status} and cannot be redriven",
        ):
            machines.sfn.redrive_execution(executionArn=arn)
        described = machines.sfn.describe_execution(executionArn=arn)
        assert (described["status"], described["redriveStatus"]) == (status, "NOT_REDRIVABLE")
        assert before is None or len(machines.events(arn)) == before
    machines.sfn.stop_execution(executionArn=running)
    with pytest.raises(machines.sfn.exceptions.ExecutionDoesNotExist):
        machines.sfn.redrive_execution(executionArn=f"{succeeded}-unknown")


def test_of_two_redrives_at_once_one_is_refused(machines: Machines) -> None:
    arn = machines.start("twice", {"Hold": HOLD, "Done": {"Type": "Succeed"}})
    until(lambda: machines.entered(arn) == ["Hold"])
    machines.sfn.stop_execution(executionArn=arn)
    machines.ended(arn)
    with ThreadPoolExecutor() as pool:
        tries = [pool.submit(machines.sfn.redrive_execution, executionArn=arn) for _ in range(2)]
    refused = [error for error in (a_try.exception() for a_try in tries) if error]
    assert [type(error) for error in refused] == [machines.sfn.exceptions.ExecutionNotRedrivable]
    assert [event["type"] for event in machines.events(arn)].count("ExecutionRedriven") == 1


def test_the_archive_holds_a_redriven_execution_once_with_all_its_events(machines: Machines) -> None:
    name = "archived"
    arn = machines.start(name, {"Work": needs(f"{name}/work", End=True)})
    machines.ended(arn)
    machines.allow(f"{name}/work")
    machines.redriven(arn)
    until(lambda: machines.archive.events(name)[-1]["type"] == "ExecutionSucceeded")
    (kept,) = [found for found in machines.archive.executions() if found.name == name]
    assert (kept.status, kept.error) == ("SUCCEEDED", None)
    assert [(visit.name, visit.failed) for visit in visits(machines.archive.events(name))] == [
        ("Work", True),
        ("Work", False),
    ]


def event(number: int, previous: int, kind: str, name: str, value: str = "null") -> dict[str, Any]:
    end, data = ("Entered", "input") if kind.endswith("Entered") else ("Exited", "output")
    details = {f"state{end}EventDetails": {"name": name, data: value}} if name else {}
    return {"id": number, "previousEventId": previous, "type": kind, **details}


DEFINITION = {
    "States": {
        "Copy": {"Type": "Map", "Next": "Load"},
        "Load": {"Type": "Task", "Next": "Rank"},
        "Rank": {"Type": "Choice", "Default": "Done"},
        "Done": {"Type": "Succeed"},
    }
}


@pytest.mark.parametrize(
    ("events", "place"),
    [
        ([], None),
        ([event(2, 0, "MapStateEntered", "Copy", "[1]"), event(3, 2, "TaskStateEntered", "CopyOne", "1")], ("Copy", [1])),
        (
            [event(2, 0, "MapStateEntered", "Copy", "[1]"), event(3, 2, "TaskStateExited", "CopyOne", "1"), event(4, 3, "MapStateExited", "Copy", "[2]")],
            ("Load", [2]),
        ),
        (
            [event(2, 0, "TaskStateEntered", "Load", "1"), event(3, 2, "TaskFailed", ""), event(4, 3, "TaskStateExited", "Load", "2")],
            ("Load", 1),
        ),
        (
            [event(2, 0, "ChoiceStateEntered", "Rank", "1"), event(3, 2, "ChoiceStateExited", "Rank", "1")],
            ("Rank", 1),
        ),
    ],
    ids=["nothing-entered", "inside-a-map", "between-two-states", "caught", "after-a-choice"],
)  # fmt: skip
def test_the_place_to_go_on_is_the_last_top_level_state_that_has_not_succeeded(
    events: list[dict[str, Any]], place: tuple[str, Any] | None
) -> None:
    assert place_to_go_on(DEFINITION, events) == place


@dataclass
class Ended:
    """What moto knows of an execution, as far as a redrive asks."""

    status: str
    kinds: list[str]

    def to_history_output(self) -> dict[str, Any]:
        events = [{"id": n, "type": kind, "timestamp": "2020-02-19T21:38:16.690Z"} for n, kind in enumerate(self.kinds, 1)]  # fmt: skip
        return {"events": events}


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        (["ExecutionStarted", "ExecutionTimedOut"], None),
        (["ExecutionStarted"], "its last state is still ending"),
        (["ExecutionStarted", "ExecutionTimedOut", "ExecutionRedriven"], "its last state is still ending"),
        (["ExecutionTimedOut", "ExecutionRedriven", "ExecutionFailed", "TaskSucceeded"], None),
        (["TaskSucceeded"] * 24_998 + ["ExecutionFailed"], "Execution history event limit exceeded"),
    ],
)
def test_an_execution_is_redrivable_once_all_its_parts_have_ended_and_if_its_history_has_room(
    kinds: list[str], reason: str | None
) -> None:
    found = description(Ended("TIMED_OUT", kinds))
    assert found["redriveStatus"] == ("NOT_REDRIVABLE" if reason else "REDRIVABLE")
    assert (reason or "") in found.get("redriveStatusReason", "")
    assert found["redriveCount"] == kinds.count("ExecutionRedriven")
