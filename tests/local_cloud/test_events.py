"""Rules fire when they are due; time is what the tests say it is."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.events import Schedule, seconds_of

MINUTE = 60.0


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(10 minutes)", 600),
        ("rate(1 hour)", 3600),
        ("rate(2 days)", 172800),
        ("cron(0/10 * * * ? *)", None),
        ("rate(10 seconds)", None),
        ("", None),
    ],
)
def test_only_rates_have_a_period(expression: str, seconds: int | None) -> None:
    assert seconds_of(expression) == seconds


class Rules:
    """The rules of the endpoint, and how many executions they have started."""

    def __init__(self, events: Any, machine: str) -> None:
        self._events = events
        self.machine = machine

    def put(self, name: str, expression: str = "rate(10 minutes)", *, target: str = "", enabled: bool = True) -> None:  # fmt: skip
        state = "ENABLED" if enabled else "DISABLED"
        self._events.put_rule(Name=name, ScheduleExpression=expression, State=state)
        target = target or self.machine
        self._events.put_targets(
            Rule=name, Targets=[{"Id": "1", "Arn": target, "Input": f'{{"by": "{name}"}}'}]
        )

    def delete(self, name: str) -> None:
        self._events.remove_targets(Rule=name, Ids=["1"])
        self._events.delete_rule(Name=name)

    def fired(self) -> list[str]:
        """Who started the executions so far, in order of their names."""
        client = boto3.client("stepfunctions")
        arns = [
            found["executionArn"]
            for found in client.list_executions(stateMachineArn=self.machine)["executions"]
        ]
        return sorted(json.loads(client.describe_execution(executionArn=arn)["input"])["by"] for arn in arns)


@pytest.fixture
def rules(endpoint: object) -> Iterator[Rules]:
    assert endpoint
    client = boto3.client("stepfunctions")
    machine = client.create_state_machine(
        name="scheduled",
        definition='{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/any",
    )["stateMachineArn"]
    events = boto3.client("events")
    yield Rules(events, machine)
    for rule in events.list_rules()["Rules"]:
        Rules(events, machine).delete(rule["Name"])
    client.delete_state_machine(stateMachineArn=machine)


def test_a_rule_fires_once_a_period_has_passed_and_then_once_in_each(rules: Rules) -> None:
    rules.put("every-ten")
    schedule = Schedule()
    counts = []
    for minute in (0, 9, 10, 10.1, 19, 20, 20.1):
        schedule.tick(minute * MINUTE)
        counts.append(len(rules.fired()))
    assert counts == [0, 0, 1, 1, 1, 2, 2]
    assert rules.fired() == ["every-ten", "every-ten"]


def test_a_machine_that_slept_fires_once_and_not_for_every_period_it_missed(rules: Rules) -> None:
    rules.put("every-ten")
    schedule = Schedule()
    for minute in (0, 600, 600.1, 609):
        schedule.tick(minute * MINUTE)
    assert rules.fired() == ["every-ten"]


def test_a_disabled_rule_does_not_fire_and_starts_afresh_when_it_is_enabled(rules: Rules) -> None:
    schedule = Schedule()
    rules.put("switched")
    schedule.tick(0)
    rules.put("switched", enabled=False)
    schedule.tick(10 * MINUTE)
    rules.put("switched")
    schedule.tick(11 * MINUTE)
    schedule.tick(20 * MINUTE)
    assert rules.fired() == []
    schedule.tick(21 * MINUTE)
    assert rules.fired() == ["switched"]


def test_a_rule_that_is_added_later_fires_a_period_after_it_was_seen(rules: Rules) -> None:
    schedule = Schedule()
    schedule.tick(0)
    rules.put("later", "rate(1 minute)")
    schedule.tick(100 * MINUTE)
    assert rules.fired() == []
    schedule.tick(101 * MINUTE)
    assert rules.fired() == ["later"]


def test_a_rule_that_was_deleted_and_made_again_starts_afresh(rules: Rules) -> None:
    schedule = Schedule()
    rules.put("again")
    schedule.tick(0)
    rules.delete("again")
    schedule.tick(5 * MINUTE)
    rules.put("again")
    schedule.tick(12 * MINUTE)
    assert rules.fired() == []
    schedule.tick(22 * MINUTE)
    assert rules.fired() == ["again"]


def test_a_new_rate_counts_from_when_it_was_set(rules: Rules) -> None:
    schedule = Schedule()
    rules.put("changed", "rate(1 day)")
    schedule.tick(0)
    rules.put("changed", "rate(1 minute)")
    schedule.tick(5 * MINUTE)
    schedule.tick(6 * MINUTE)
    assert rules.fired() == ["changed"]


def test_rules_that_are_due_together_all_fire(rules: Rules) -> None:
    for name in ("a", "b", "c"):
        rules.put(name)
    schedule = Schedule()
    schedule.tick(0)
    schedule.tick(10 * MINUTE)
    assert rules.fired() == ["a", "b", "c"]


def test_a_target_that_cannot_be_started_is_told_and_leaves_the_other_rules_alone(
    rules: Rules, caplog: pytest.LogCaptureFixture
) -> None:
    gone = f"{rules.machine}-gone"
    rules.put("a-broken", target=gone)
    rules.put("b-good")
    schedule = Schedule()
    schedule.tick(0)
    schedule.tick(10 * MINUTE)
    assert rules.fired() == ["b-good"]
    assert f"the schedule could not start {gone}" in caplog.text


def test_a_rule_without_a_rate_never_fires(rules: Rules) -> None:
    rules.put("cron", "cron(0/10 * * * ? *)")
    schedule = Schedule()
    schedule.tick(0)
    schedule.tick(10_000 * MINUTE)
    assert rules.fired() == []


def test_closing_ends_the_watch(rules: Rules) -> None:
    rules.put("every-ten")
    schedule = Schedule()
    schedule.start()
    schedule.close()
    assert rules.fired() == []


@given(number=st.integers(1, 10_000), unit=st.sampled_from(["minute", "hour", "day"]))
def test_singular_and_plural_mean_the_same(number: int, unit: str) -> None:
    assert seconds_of(f"rate({number} {unit})") == seconds_of(f"rate({number} {unit}s)")


def test_a_schedule_that_was_never_started_can_be_closed() -> None:
    Schedule().close()
