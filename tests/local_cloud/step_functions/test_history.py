"""The history of an execution comes in pages, from either end."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from operations.executions import StateMachine
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

NAME = "history"
STATES: dict[str, Any] = {
    f"State {number}": {"Type": "Pass", "Next": f"State {number + 1}"} for number in range(60)
}
STATES["State 60"] = {"Type": "Wait", "Seconds": 600, "End": True}


@pytest.fixture(scope="module")
def sfn(endpoint: Endpoint) -> Iterator["SFNClient"]:
    """A client of an endpoint on which an execution has gone through sixty states and waits in the last."""
    with closing(boto3.client("stepfunctions", endpoint_url=endpoint.addresses.url)) as client:
        client.create_state_machine(
            name=NAME,
            definition=json.dumps({"StartAt": "State 0", "States": STATES}),
            roleArn="arn:aws:iam::123456789012:role/any",
        )
        start(client, NAME)
        yield client


def start(client: "SFNClient", name: str) -> None:
    """Start an execution and wait until it has entered its last state."""
    StateMachine(client, NAME).start(name, {})
    until(lambda: [page[-1:] for page in pages(client, name)][-1:] == [[LAST]])


def arn_of(client: "SFNClient", name: str) -> str:
    return f"{StateMachine(client, NAME).arn.replace(':stateMachine:', ':execution:')}:{name}"


LAST = 2 + 60 * 2  # the start, two events a state, and the entry into the last


def pages(client: "SFNClient", name: str = NAME, **parameters: Any) -> list[list[int]]:
    """The numbers of the events on each page."""
    found: list[list[int]] = []
    while len(found) < LAST:
        page = client.get_execution_history(executionArn=arn_of(client, name), **parameters)
        found.append([event["id"] for event in page["events"]])
        if "nextToken" not in page:
            return found
        parameters["nextToken"] = page["nextToken"]
    raise AssertionError("there is always one page more")


def test_a_page_has_a_hundred_events_unless_a_request_says_otherwise(sfn: "SFNClient") -> None:
    assert pages(sfn) == [list(range(1, 101)), list(range(101, LAST + 1))]
    assert pages(sfn, maxResults=1000) == [list(range(1, LAST + 1))]


def test_no_page_follows_the_last_event(sfn: "SFNClient") -> None:
    half = LAST // 2
    assert pages(sfn, maxResults=half) == [list(range(1, half + 1)), list(range(half + 1, LAST + 1))]
    assert pages(sfn, maxResults=half, reverseOrder=True) == [
        list(range(LAST, half, -1)),
        list(range(half, 0, -1)),
    ]


def test_the_newest_events_come_first_if_asked_for(sfn: "SFNClient") -> None:
    assert pages(sfn, maxResults=50, reverseOrder=True) == [
        list(range(LAST, LAST - 50, -1)),
        list(range(LAST - 50, LAST - 100, -1)),
        list(range(LAST - 100, 0, -1)),
    ]


def test_the_pages_of_a_history_that_grows_repeat_no_event_and_leave_none_out(sfn: "SFNClient") -> None:
    start(sfn, "grows")
    arn = arn_of(sfn, "grows")
    newest = sfn.get_execution_history(executionArn=arn, maxResults=50, reverseOrder=True)
    oldest = sfn.get_execution_history(executionArn=arn, maxResults=50)
    sfn.stop_execution(executionArn=arn)
    until(lambda: StateMachine(sfn, NAME).events("grows")[-1]["type"] == "ExecutionAborted")
    before = pages(sfn, "grows", maxResults=1000, reverseOrder=True, nextToken=newest["nextToken"])
    after = pages(sfn, "grows", maxResults=1000, nextToken=oldest["nextToken"])
    assert before == [list(range(LAST - 50, 0, -1))]
    assert after == [list(range(51, LAST + 2))]


def test_what_follows_an_event_is_the_rest_of_the_history_in_its_order(sfn: "SFNClient") -> None:
    machine = StateMachine(sfn, NAME)
    whole = machine.events(NAME)
    assert [event["id"] for event in whole] == list(range(1, LAST + 1))
    for known in (1, 70, LAST - 1):
        assert machine.events(NAME, after=known) == whole[known:]
    assert machine.events(NAME, after=LAST) == []


def test_without_data_the_events_are_the_same_but_for_inputs_and_outputs(sfn: "SFNClient") -> None:
    machine = StateMachine(sfn, NAME)
    whole, without = machine.events(NAME), machine.events(NAME, with_data=False)
    assert without == [
        {
            member: {name: value for name, value in details.items() if "put" not in name}
            if member.endswith("EventDetails")
            else details
            for member, details in event.items()
        }
        for event in whole
    ]
    assert without != whole
    assert machine.events(NAME) == whole  # what is left out is not lost
