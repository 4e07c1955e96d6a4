"""Alarms on an endpoint: made, evaluated at times that the tests choose, and told by e-mail."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.cloudwatch.models import cloudwatch_backends

from local_cloud import cloudwatch
from local_cloud.cloudwatch import AlarmWatch
from local_cloud.mailbox import Mail, Mailbox
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.waiting import PATIENCE

NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADDRESS = "night@example.org"

ALARMS_OF_THIS_ACCOUNT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": {"Ref": "Topic"},
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        }
    ],
}


def _template(alarm: dict[str, Any]) -> str:
    """A topic that one address hears of, and an alarm."""
    return json.dumps(
        {
            "Resources": {
                "Topic": {
                    "Type": "AWS::SNS::Topic",
                    "Properties": {"DisplayName": "the pipeline"},
                },
                "Admitted": {
                    "Type": "AWS::SNS::TopicPolicy",
                    "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": ALARMS_OF_THIS_ACCOUNT},
                },
                "Address": {
                    "Type": "AWS::SNS::Subscription",
                    "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": ADDRESS},
                },
                "Alarm": {
                    "Type": "AWS::CloudWatch::Alarm",
                    "Properties": {
                        "AlarmName": "rows",
                        "AlarmDescription": "Too many rows. Look at the rows.",
                        "Namespace": "Test",
                        "MetricName": "Rows",
                        "Dimensions": [{"Name": "table", "Value": "books"}],
                        "Statistic": "Sum",
                        "Period": 300,
                        "EvaluationPeriods": 1,
                        "Threshold": 10,
                        "ComparisonOperator": "GreaterThanThreshold",
                        "TreatMissingData": "notBreaching",
                        "AlarmActions": [{"Ref": "Topic"}],
                        "OKActions": [{"Ref": "Topic"}],
                        **alarm,
                    },
                },
            },
            "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Alarm", "Arn"]}}},
        }
    )


@dataclass(frozen=True)
class Stack:
    """A stack with one alarm; `put` publishes a metric at a minute, `at` evaluates at a minute, both counted from noon."""

    client: Any
    mailbox: Mailbox
    before: int

    def create(self, **alarm: Any) -> None:
        self.client.create_stack(StackName="rows", TemplateBody=_template(alarm))

    def update(self, **alarm: Any) -> None:
        self.client.update_stack(StackName="rows", TemplateBody=_template(alarm))

    def put(self, value: float, minute: float, name: str = "Rows", table: str = "books") -> None:
        cloudwatch.put("Test", {"table": table}, {name: value}, NOON + minute * MINUTE)

    def at(self, minute: float) -> str:
        AlarmWatch(measure=lambda _: None).tick(NOON + minute * MINUTE)
        return self.alarm()["StateValue"]  # type: ignore[no-any-return]

    def alarm(self) -> dict[str, Any]:
        (found,) = boto3.client("cloudwatch").describe_alarms(AlarmNames=["rows"])["MetricAlarms"]
        return dict(found)

    @property
    def mails(self) -> list[Mail]:
        """Those of this test."""
        return self.mailbox.mails()[self.before :]

    @property
    def subjects(self) -> list[str]:
        return [mail.subject.partition(" in ")[0] for mail in self.mails]


@pytest.fixture
def stack(endpoint: Endpoint) -> Iterator[Stack]:
    mailbox = Mailbox(endpoint.state.mail)
    client = boto3.client("cloudformation")
    yield Stack(client, mailbox, len(mailbox.mails()))
    client.delete_stack(StackName="rows")
    cloudwatch_backends["123456789012"]["us-east-1"].metric_data.clear()
    assert boto3.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert boto3.client("sns").list_subscriptions()["Subscriptions"] == []


def test_a_new_alarm_has_no_data_yet(stack: Stack) -> None:
    stack.create()
    found = stack.alarm()
    assert (found["StateValue"], found["StateReason"]) == (
        "INSUFFICIENT_DATA",
        "Unchecked: Initial alarm creation",
    )
    (output,) = stack.client.describe_stacks(StackName="rows")["Stacks"][0]["Outputs"]
    assert output["OutputValue"] == found["AlarmArn"]


def test_an_alarm_rings_once_and_says_once_that_it_is_over(stack: Stack) -> None:
    stack.create()
    assert stack.at(0) == "OK"
    stack.put(11, 2)
    # the point is looked at again as long as it is the newest of the evaluation range: three periods
    assert [stack.at(minute) for minute in (3, 4, 7, 12, 17, 18)] == [*["ALARM"] * 5, "OK"]
    assert stack.subjects == ['OK: "rows"', 'ALARM: "rows"', 'OK: "rows"']
    assert stack.alarm()["StateReason"].startswith("Threshold Crossed: no datapoints were received")


def test_the_history_tells_states_and_actions_and_outlives_the_alarm(stack: Stack) -> None:
    client = boto3.client("cloudwatch")
    day = 1440  # other tests have the hours of this day
    stack.create()
    stack.at(day)
    stack.put(11, day + 2)
    stack.at(day + 3)
    stack.client.delete_stack(StackName="rows")

    def told(**of: Any) -> list[str]:
        pages = client.get_paginator("describe_alarm_history").paginate(AlarmName="rows", **of)
        return [
            item["HistorySummary"].split(" arn:")[0] for page in pages for item in page["AlarmHistoryItems"]
        ]

    assert told(HistoryItemType="ConfigurationUpdate")[:2] == ['Alarm "rows" deleted', 'Alarm "rows" created']
    span = {"StartDate": NOON + day * MINUTE, "EndDate": NOON + (day + 5) * MINUTE}
    assert told(**span, ScanBy="TimestampAscending", MaxRecords=1) == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Successfully executed action",
        "Alarm updated from OK to ALARM",
        "Successfully executed action",
    ]
    newest, *_ = client.describe_alarm_history(AlarmName="rows", HistoryItemType="StateUpdate", **span)[
        "AlarmHistoryItems"
    ]
    assert json.loads(newest["HistoryData"])["newState"]["stateValue"] == "ALARM"


def test_the_history_tells_of_an_action_that_was_refused(stack: Stack) -> None:
    topic, day = "arn:aws:sns:us-east-1:123456789012:nowhere", 2 * 1440
    stack.create(AlarmActions=[topic])
    stack.put(11, day)
    stack.at(day + 1)
    history = boto3.client("cloudwatch").describe_alarm_history(
        AlarmName="rows", HistoryItemType="Action", StartDate=NOON + day * MINUTE
    )["AlarmHistoryItems"]
    (action,) = (item for item in history if topic in item["HistorySummary"])  # other tests use the name, too
    assert action["HistorySummary"].startswith(f"Failed to execute action {topic}. Received error: ")


def test_the_mail_says_what_happened_and_what_to_do(stack: Stack) -> None:
    stack.create()
    stack.put(7, 0.5)
    stack.put(4.5, 1)
    stack.at(2)
    (mail,) = stack.mails
    assert mail.subject == 'ALARM: "rows" in US East (N. Virginia)'
    assert str(mail.message["From"]) == "the pipeline <no-reply@sns.amazonaws.com>"
    assert str(mail.message["To"]) == ADDRESS
    for told in (
        "- Description:                Too many rows. Look at the rows.\n",
        "- State Change:               INSUFFICIENT_DATA -> ALARM\n",
        "Threshold Crossed: 1 out of the last 1 datapoints [11.5 (28/02/26 11:57:00)] was greater than the threshold (10.0)",
        "Saturday 28 February, 2026 12:02:00 UTC",
        "when the metric is GreaterThanThreshold 10.0 for at least 1 of the last 1 period(s) of 300 seconds",
        "- Dimensions:                 [table = books]\n",
    ):
        assert told in mail.text


def test_a_metric_is_its_namespace_its_name_and_all_its_dimensions(stack: Stack) -> None:
    stack.create()
    stack.put(11, 0, table="reviews")
    stack.put(11, 0, name="Columns")
    cloudwatch.put("Test", {}, {"Rows": 11}, NOON)
    cloudwatch.put("Test", {"table": "books", "run": "1"}, {"Rows": 11}, NOON)
    cloudwatch.put("Other", {"table": "books"}, {"Rows": 11}, NOON)
    assert stack.at(1) == "OK"


def test_what_others_put_is_seen_too(stack: Stack) -> None:
    stack.create()
    boto3.client("cloudwatch").put_metric_data(
        Namespace="Test",
        MetricData=[
            {"MetricName": "Rows", "Dimensions": [{"Name": "table", "Value": "books"}], "Value": 11.0, "Timestamp": NOON}
        ],
    )  # fmt: skip
    assert stack.at(1) == "ALARM"


@pytest.mark.parametrize(
    ("statistic", "rings"),
    [("Sum", 9.5), ("Average", 4.5), ("Minimum", 1.5), ("Maximum", 7.5), ("SampleCount", 1.5)],
)
def test_each_statistic_is_that_of_a_period(stack: Stack, statistic: str, rings: float) -> None:
    stack.create(Statistic=statistic, Threshold=rings)
    stack.put(100, -4.1)  # before the period
    stack.put(100, 1)  # after it
    stack.put(2, -4)
    stack.put(8, 0.9)
    assert stack.at(1) == "ALARM"
    stack.update(Statistic=statistic, Threshold=rings + 1)
    assert stack.at(1) == "OK"


METRICS = [
    {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": "Test",
                "MetricName": name,
                "Dimensions": [{"Name": "table", "Value": "books"}],
            },
            "Period": 300,
            "Stat": "Sum",
        },
        "ReturnData": False,
    }
    for name in ("read", "written")
]


def math(expression: str, **more: Any) -> dict[str, Any]:
    single = ("Namespace", "MetricName", "Dimensions", "Statistic", "Period")
    watched = {"Id": "watched", "Expression": expression, "Label": "lost", "ReturnData": True}
    return {**{key: {"Ref": "AWS::NoValue"} for key in single}, "Metrics": [*METRICS, watched], **more}


def test_an_expression_is_evaluated_period_by_period(stack: Stack) -> None:
    stack.create(**math("read - FILL(written, 0)", EvaluationPeriods=2))
    for minute in (-7, -2):
        stack.put(20, minute, "read")
    stack.put(5, -2, "written")
    assert stack.at(0) == "ALARM"
    stack.put(5, -2, "written")
    assert stack.at(0) == "OK"
    assert "- MetricName:                 written\n" in stack.mails[0].text


@pytest.mark.parametrize(
    ("alarm", "told"),
    [
        (math("RATE(read)"), r"the metric math 'RATE\(read\)' is not understood here"),
        (math("read - unknown"), "'unknown' is not defined"),
        (math("watched + 1"), "'watched' is not defined"),
        ({"Statistic": {"Ref": "AWS::NoValue"}, "ExtendedStatistic": "p99"}, "its statistic is p99; known are Sum"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "ComparisonOperator is GreaterThanUpperThreshold; known"),
        ({"TreatMissingData": "guess"}, "TreatMissingData is guess; known are missing"),
        ({"Metrics": METRICS}, "exactly one of its Metrics has to return data"),
        ({"Treshold": 3}, "Unknown parameter in input"),
    ],
)  # fmt: skip
def test_an_alarm_that_could_not_be_evaluated_is_refused_at_deployment(
    stack: Stack, alarm: dict[str, Any], told: str
) -> None:
    with pytest.raises(ClientError, match=told):
        stack.create(**alarm)


def test_a_changed_alarm_keeps_its_state_until_it_is_evaluated(stack: Stack) -> None:
    stack.create()
    stack.put(11, 0)
    stack.at(1)
    stack.update(Threshold=20)
    assert stack.alarm()["StateValue"] == "ALARM"
    assert stack.at(1) == "OK"
    assert stack.subjects == ['ALARM: "rows"', 'OK: "rows"']


def test_a_state_set_by_hand_acts_and_lasts_until_the_next_evaluation(stack: Stack) -> None:
    stack.create()
    stack.at(0)
    boto3.client("cloudwatch").set_alarm_state(
        AlarmName="rows", StateValue="ALARM", StateReason="a rehearsal"
    )
    assert stack.at(1) == "OK"
    assert stack.subjects == ['OK: "rows"', 'ALARM: "rows"', 'OK: "rows"']
    assert "- Reason for State Change:    a rehearsal\n" in stack.mails[1].text


def test_disabled_actions_are_not_carried_out(stack: Stack) -> None:
    stack.create(ActionsEnabled=False)
    stack.put(11, 0)
    assert stack.at(1) == "ALARM"
    assert stack.mails == []


def test_a_topic_that_is_gone_is_logged_and_stops_no_other_alarm(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    gone = "arn:aws:sns:us-east-1:123456789012:gone"
    stack.create(AlarmActions=[gone, {"Ref": "Topic"}])
    stack.put(11, 0)
    assert stack.at(1) == "ALARM"
    assert stack.subjects == ['ALARM: "rows"']
    assert f"rows could not tell {gone}" in caplog.text


def test_the_watch_measures_a_minute_before_it_evaluates(stack: Stack) -> None:
    stack.create(TreatMissingData="breaching")
    measured = threading.Event()
    watch = AlarmWatch(measure=lambda _: measured.set())
    watch.start()
    assert measured.wait(PATIENCE)
    watch.close()
    assert stack.alarm()["StateValue"] == "INSUFFICIENT_DATA"


def test_a_watch_that_was_never_started_can_be_closed() -> None:
    AlarmWatch(measure=lambda _: None).close()


def test_an_alarm_does_not_reach_a_topic_that_does_not_admit_cloudwatch(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    stack.create()
    (topic,) = boto3.client("sns").list_topics()["Topics"]
    arn = topic["TopicArn"]
    owner = {
        "Effect": "Allow",
        "Principal": {"AWS": "123456789012"},
        "Action": "sns:Publish",
        "Resource": arn,
    }
    closed = {"Version": "2012-10-17", "Statement": [owner]}
    boto3.client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(closed)
    )
    stack.put(11, 0)
    assert stack.at(1) == "ALARM"
    assert stack.mails == []
    assert "cloudwatch.amazonaws.com is not authorized to perform: sns:Publish" in caplog.text
