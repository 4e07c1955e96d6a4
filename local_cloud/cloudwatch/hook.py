"""Hooks into moto's CloudWatch: a template's alarms exist, alarms are checked when they are made, and a new state acts."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError, ParamValidationError
from moto.cloudformation.exceptions import ValidationError as StackError
from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import CloudWatchBackend
from moto.core.common_models import CloudFormationModel

from local_cloud.addresses import REGION
from local_cloud.cloudwatch import history
from local_cloud.cloudwatch.evaluation import COMPARISONS, MISSING_DATA
from local_cloud.cloudwatch.expressions import NotUnderstoodError, value_of
from local_cloud.cloudwatch.messages import message, subject
from local_cloud.identity import service_keys

log = logging.getLogger(__name__)

STATISTICS = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
_NEW = ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
_put_metric_alarm = CloudWatchBackend.put_metric_alarm
_set_alarm_state = CloudWatchBackend.set_alarm_state
_delete_alarms = CloudWatchBackend.delete_alarms


def install() -> None:
    """Refuse alarms that could not be evaluated here, let SetAlarmState act as an evaluation does, and keep the history."""
    CloudWatchBackend.put_metric_alarm = _put
    CloudWatchBackend.set_alarm_state = _set
    CloudWatchBackend.delete_alarms = _delete
    history.install()


def enter(alarm: Any, state: str, reason: str, now: datetime) -> None:
    """Bring an alarm into another state, and carry out its actions for that state."""
    before = alarm.state_value, alarm.state_reason
    alarm.update_state(reason, "{}", state)
    _entered(alarm, before, now)


def _entered(alarm: Any, before: tuple[str, str], now: datetime) -> None:
    history.changed(alarm.name, before, (alarm.state_value, alarm.state_reason), now)
    if alarm.actions_enabled:
        _act(alarm, before[0], now)


def _put(self: Any, **given: Any) -> Any:
    """PutMetricAlarm: a new alarm has no data yet; a changed one keeps its state (API reference, PutMetricAlarm)."""
    older = self.alarms.pop(given["name"], None)
    alarm = _put_metric_alarm(self, **given)
    alarm.state_value, alarm.state_reason = (older.state_value, older.state_reason) if older else _NEW
    problem = next(_problems(alarm), None)
    if problem:
        del self.alarms[alarm.name]
        self.alarms.update({alarm.name: older} if older else {})
        raise ValidationError(f"the alarm {alarm.name} cannot be evaluated here: {problem}")
    history.configured(alarm.name, "updated" if older else "created")
    return alarm


def _delete(self: Any, alarm_names: list[str]) -> None:
    for name in filter(self.alarms.__contains__, alarm_names):
        history.configured(name, "deleted")
    _delete_alarms(self, alarm_names)


def _set(self: Any, alarm_name: str, reason: str, reason_data: str | None, state_value: str) -> None:
    """SetAlarmState: "the state change triggers the actions"; the next evaluation may take it back."""
    alarm = self.alarms.get(alarm_name)
    before = alarm and (alarm.state_value, alarm.state_reason)
    _set_alarm_state(self, alarm_name, reason, reason_data, state_value)
    if before[0] != state_value:
        _entered(alarm, before, datetime.now(UTC))


def _problems(alarm: Any) -> Iterator[str]:
    """What an evaluation here would not understand; AWS might."""
    if alarm.rule is not None:
        yield "it is composed of other alarms"
        return
    if alarm.comparison_operator not in COMPARISONS:
        yield f"ComparisonOperator is {alarm.comparison_operator}; known are {', '.join(COMPARISONS)}"
    if (alarm.treat_missing_data or "missing") not in MISSING_DATA:
        yield f"TreatMissingData is {alarm.treat_missing_data}; known are {', '.join(MISSING_DATA)}"
    queries = alarm.metric_data_queries
    metrics = {query.id: query.metric_stat.stat for query in queries if query.metric_stat}
    for statistic in metrics.values() if queries else [alarm.statistic or alarm.extended_statistic]:
        if statistic not in STATISTICS:
            yield f"its statistic is {statistic}; known are {', '.join(STATISTICS)}"
    if queries and sum(map(returns, queries)) != 1:
        yield "exactly one of its Metrics has to return data"
    for query in queries:
        try:
            if query.expression:
                value_of(query.expression, dict.fromkeys(metrics, 1.0))
        except NotUnderstoodError as error:
            yield str(error)


def returns(query: Any) -> bool:
    """Whether the alarm watches this one of its Metrics; the others are only parts of an expression."""
    return query.return_data is None or str(query.return_data).lower() == "true"


def _act(alarm: Any, before: str, now: datetime) -> None:
    actions = {
        "OK": alarm.ok_actions,
        "ALARM": alarm.alarm_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }[alarm.state_value]
    for action in actions:
        if not action.startswith("arn:aws:sns:"):
            log.warning("%s: the action %s is not carried out here, only topics are told", alarm.name, action)
            continue
        try:
            _publisher().publish(
                TopicArn=action,
                Subject=subject(alarm.name, alarm.state_value),
                Message=message(alarm, before, now),
                MessageStructure="json",
            )
            history.acted(alarm.name, action, now)
        except ClientError as error:  # "CloudWatch doesn't test or validate the actions" (User Guide)
            log.warning("%s could not tell %s: %s", alarm.name, action, error)
            history.acted(alarm.name, action, now, str(error))


def _publisher() -> Any:
    """A client with which CloudWatch publishes in its own name."""
    keys = service_keys("cloudwatch.amazonaws.com")
    return boto3.client(
        "sns",
        region_name=REGION,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
    )


class StackAlarm(CloudFormationModel):  # type: ignore[misc]
    """AWS::CloudWatch::Alarm, which moto lacks; its properties are the parameters of PutMetricAlarm. `Ref` is the name."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "AlarmName"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if attribute_name != "Arn":
            raise StackError(message=f"AWS::CloudWatch::Alarm has no attribute {attribute_name}, only Arn")
        (found,) = boto3.client("cloudwatch").describe_alarms(AlarmNames=[self.physical_resource_id])[
            "MetricAlarms"
        ]
        return str(found["AlarmArn"])

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, _account_id: str, region_name: str, **_: Any
    ) -> "StackAlarm":
        properties = {**cloudformation_json["Properties"], "AlarmName": resource_name}
        try:
            boto3.client("cloudwatch", region_name=region_name).put_metric_alarm(**properties)
        except (ClientError, ParamValidationError) as error:
            raise StackError(message=str(error)) from error
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "StackAlarm",
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> "StackAlarm":
        name = original_resource.physical_resource_id
        given = cloudformation_json["Properties"].get("AlarmName", name)
        if given != name:  # "Update requires: Replacement"
            cls.delete_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
        return cls.create_from_cloudformation_json(given, cloudformation_json, account_id, region_name)

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Any, _account_id: str, region_name: str
    ) -> None:
        boto3.client("cloudwatch", region_name=region_name).delete_alarms(AlarmNames=[resource_name])
