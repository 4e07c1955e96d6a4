"""Each deployed alarm rings for its cause, once, and says when it is over; hours pass in moments."""

from typing import Any

import pytest
from moto.cloudwatch.models import cloudwatch_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.cloudwatch import AlarmWatch, clusters_seen, data_by_metric, evaluate
from local_cloud.mailbox import Mailbox
from tests.e2e.causes import ALL, CAUSES, MIDNIGHT, MINUTE, TROUBLE, Cause, subject
from tests.e2e.pipeline import Pipeline

pytestmark = pytest.mark.e2e


def backend() -> Any:
    """Where moto keeps alarms and data points, of the endpoint that serves now."""
    return cloudwatch_backends[ACCOUNT][REGION]


def changes(name: str, cause: Cause) -> list[tuple[int, str]]:
    """The states that an alarm enters, each with its minute after midnight: well, then in trouble, then well again."""
    alarm = backend().alarms[f"goodreads-{name}"]
    found = []
    for minute in range(TROUBLE + cause.minutes + 60):
        now, before = MIDNIGHT + minute * MINUTE, alarm.state_value
        if minute % cause.every == 0:
            publish = cause.trouble if TROUBLE <= minute < TROUBLE + cause.minutes else cause.well
            publish(now)
        evaluate(alarm, now + MINUTE, data_by_metric())
        if alarm.state_value != before:
            found.append((minute + 1, alarm.state_value))
    return found


@pytest.mark.parametrize(("name", "cause"), ALL, ids=[name for name, _ in ALL])
def test_an_alarm_rings_once_for_its_cause_and_says_when_it_is_over(
    pipeline: Pipeline, name: str, cause: Cause
) -> None:
    backend().metric_data.clear()
    alarm = backend().alarms[f"goodreads-{name}"]
    alarm.state_value = "INSUFFICIENT_DATA"
    mailbox = Mailbox(pipeline.folder.mail)
    before = len(mailbox.mails())

    assert changes(name, cause) == [
        (1, "OK"),
        (TROUBLE + cause.rings, "ALARM"),
        (TROUBLE + cause.minutes + cause.over, "OK"),
    ]

    mails = mailbox.mails()[before:]
    assert [mail.subject for mail in mails] == [subject(state, name) for state in ("OK", "ALARM", "OK")]
    rang = mails[1].text
    assert f"- Description:                {alarm.description}\n" in rang
    assert "What to do: docs/runbook.md, section " in rang
    assert "- State Change:               OK -> ALARM\n" in rang
    assert (
        f'"{MIDNIGHT + (TROUBLE + cause.rings) * MINUTE:%A %d %B, %Y %H:%M:%S} UTC"'
        in rang.partition("\n")[0]
    )


@pytest.mark.usefixtures("pipeline")
def test_every_deployed_alarm_has_a_cause() -> None:
    assert sorted(CAUSES) == sorted(name.removeprefix("goodreads-") for name in backend().alarms)


@pytest.mark.usefixtures("pipeline")
def test_what_is_measured_of_the_clusters_keeps_their_alarms_silent() -> None:
    backend().metric_data.clear()
    AlarmWatch(clusters_seen).tick(MIDNIGHT)
    AlarmWatch(clusters_seen).tick(MIDNIGHT + MINUTE)
    states = {name: backend().alarms[f"goodreads-{name}"].state_value for name in CAUSES}
    assert {name for name, state in states.items() if state != "OK"} == {"RunsLate"}  # there was no run yet
