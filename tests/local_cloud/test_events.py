"""Rules fire when they are due; time is what the tests say it is."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud.events import Schedule
from tests.local_cloud.roles import role

MINUTE = 60.0


class Rules:
    """The rules of the endpoint, and how many executions they have started."""

    def __init__(self, events: Any, machine: str, role_arn: str) -> None:
        self._events = events
        self.machine = machine
        self.role = role_arn

    def put(self, name: str, expression: str = "rate(10 minutes)", *, target: str = "", role_arn: str = "", enabled: bool = True) -> None:  # fmt: skip
        state = "ENABLED" if enabled else "DISABLED"
        self._events.put_rule(Name=name, ScheduleExpression=expression, State=state)
        target = target or self.machine
        self._events.put_targets(
            Rule=name,
            Targets=[
                {"Id": "1", "Arn": target, "RoleArn": role_arn or self.role, "Input": f'{{"by": "{name}"}}'}
            ],
        )

    def put_schedule(self, name: str, group: str, expression: str, zone: str = "UTC", *, role_arn: str = "") -> None:  # fmt: skip
        boto3.client("scheduler").create_schedule(
            Name=name,
            GroupName=group,
            ScheduleExpression=expression,
            ScheduleExpressionTimezone=zone,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": self.machine, "RoleArn": role_arn or self.role, "Input": f'{{"by": "{name}"}}'},
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


_machines = count(1)


@pytest.fixture
def rules(endpoint: object) -> Iterator[Rules]:
    assert endpoint
    client = boto3.client("stepfunctions")
    machine = client.create_state_machine(
        name=f"scheduled-{next(_machines)}",  # the executions of a machine stay known when the machine is gone
        definition='{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/any",
    )["stateMachineArn"]
    events = boto3.client("events")
    made = Rules(events, machine, role("starts", "events.amazonaws.com", "scheduler.amazonaws.com"))
    yield made
    for rule in events.list_rules()["Rules"]:
        made.delete(rule["Name"])
    client.delete_state_machine(stateMachineArn=machine)


@pytest.mark.slow
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
    called = {
        (metric["MetricName"], metric["Dimensions"][0]["Value"])
        for metric in boto3.client("cloudwatch").list_metrics(Namespace="AWS/Events")["Metrics"]
    }
    assert {name for name in called if name[1] in ("a-broken", "b-good")} == {
        ("Invocations", "a-broken"),
        ("FailedInvocations", "a-broken"),
        ("Invocations", "b-good"),
    }


def test_a_rule_whose_role_may_not_start_the_state_machine_starts_nothing(
    rules: Rules, caplog: pytest.LogCaptureFixture
) -> None:
    iam = boto3.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "events.amazonaws.com"}}
    deny = {**trust, "Effect": "Deny"}
    powerless, nobodys = (
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": statement}))["Role"][
            "Arn"
        ]
        for name, statement in (("powerless", trust), ("nobodys", deny))
    )
    rules.put("refused", role_arn=powerless)
    rules.put("nobody", role_arn=f"{powerless}-gone")
    rules.put("not-trusted", role_arn=nobodys)
    schedule = Schedule()
    schedule.tick(0)
    schedule.tick(10 * MINUTE)
    assert rules.fired() == []
    assert "assumed-role/powerless/scheduled-" in caplog.text
    assert "states:StartExecution" in caplog.text
    assert "powerless-gone" in caplog.text
    assert f"events.amazonaws.com is not authorized to assume the provided role {nobodys}" in caplog.text


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.slow
def test_a_rule_with_a_cron_expression_fires_in_utc(rules: Rules) -> None:
    rules.put("cron", "cron(0/10 7 * * ? *)")
    looks = ["06:59:00", "06:59:58", "07:00:00", "07:00:02", "07:09:59", "07:10:01", "07:51:00", "08:30:00"]
    assert counted(rules, [f"2027-03-01T{look}" for look in looks]) == [0, 0, 1, 1, 1, 2, 3, 3]


@pytest.fixture
def daily(rules: Rules) -> Iterator[Rules]:
    """A schedule at half past two in Berlin, on the machine of `rules`."""
    scheduler = boto3.client("scheduler")
    scheduler.create_schedule_group(Name="nights")
    rules.put_schedule("daily", "nights", "cron(30 2 * * ? *)", "Europe/Berlin")
    yield rules
    scheduler.delete_schedule(Name="daily", GroupName="nights")
    scheduler.delete_schedule_group(Name="nights")


def test_a_schedule_skips_a_time_that_no_clock_shows(daily: Rules) -> None:
    looks = ["26T23:00", "27T01:29", "27T01:30", "28T00:30", "28T01:30", "29T00:29", "29T00:30"]
    assert counted(daily, [f"2027-03-{look}" for look in looks]) == [0, 0, 1, 1, 1, 1, 2]


@pytest.mark.slow
def test_a_schedule_fires_once_at_a_time_that_comes_twice(daily: Rules) -> None:
    looks = ["30T00:29", "30T00:30", "31T00:29", "31T00:30", "31T01:30"]
    assert counted(daily, [*(f"2027-10-{look}" for look in looks), "2027-11-01T01:30"]) == [0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("source", "fired"),
    [("schedule-group/nights", 1), ("schedule/nights/daily", 0), ("schedule-group/days", 0)],
)
def test_a_schedule_takes_a_role_for_its_group_as_the_trust_that_the_cdk_writes_asks(
    daily: Rules, source: str, fired: int
) -> None:
    name = f"starts-for-{source.replace('/', '-')}"
    arn = role(name)
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Condition": {
            "StringEquals": {
                "aws:SourceArn": f"arn:aws:scheduler:us-east-1:123456789012:{source}",
                "aws:SourceAccount": "123456789012",
            }
        },
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    boto3.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=document)
    scheduler = boto3.client("scheduler")
    scheduler.delete_schedule(Name="daily", GroupName="nights")
    daily.put_schedule("daily", "nights", "cron(30 2 * * ? *)", "Europe/Berlin", role_arn=arn)
    assert counted(daily, ["2027-03-26T23:00", "2027-03-27T01:30"]) == [0, fired]


def counted(rules: Rules, looks: list[str]) -> list[int]:
    """How many executions had been started after each look at the clock of UTC."""
    schedule, counts = Schedule(), []
    for look in looks:
        schedule.tick(at(f"{look}+00:00"))
        counts.append(len(rules.fired()))
    return counts


def test_a_clock_that_is_put_back_does_not_hold_a_rate_back(rules: Rules) -> None:
    rules.put("every-ten")
    schedule = Schedule()
    for minute in (1000, 0, 10):
        schedule.tick(minute * MINUTE)
    assert rules.fired() == ["every-ten"]


WRONG = ["rate(1 minutes)", "cron(0 7 * * * *)", "cron(0 7 31 2 ? *)"]


@pytest.mark.parametrize("expression", WRONG)
def test_a_rule_is_refused_an_expression_that_aws_refuses(rules: Rules, expression: str) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*not valid\. .*not allowed"):
        rules.put("wrong", expression)


@pytest.mark.parametrize("expression", WRONG)
def test_a_schedule_is_refused_an_expression_that_aws_refuses(rules: Rules, expression: str) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*Invalid Schedule Expression.*not allowed"):
        rules.put_schedule("wrong", "default", expression)


def test_closing_ends_the_watch(rules: Rules) -> None:
    rules.put("every-ten")
    schedule = Schedule()
    schedule.start()
    schedule.close()
    assert rules.fired() == []


def test_a_schedule_that_was_never_started_can_be_closed() -> None:
    Schedule().close()
