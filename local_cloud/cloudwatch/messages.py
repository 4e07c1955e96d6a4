"""What an alarm tells a topic when its state changes: the e-mail and the JSON document, worded as CloudWatch words them."""

import json
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION

_SUBJECT_LENGTH = 100
_EMAIL = """\
You are receiving this email because your Amazon CloudWatch Alarm "{name}" in the {region_name} region has entered the {state} \
state, because "{reason}" at "{told:%A %d %B, %Y %H:%M:%S} UTC".

View this alarm in the AWS Management Console:
https://{region}.console.aws.amazon.com/cloudwatch/deeplink.js?region={region}#alarmsV2:alarm/{name}

Alarm Details:
- Name:                       {name}
- Description:                {description}
- State Change:               {before} -> {state}
- Reason for State Change:    {reason}
- Timestamp:                  {told:%A %d %B, %Y %H:%M:%S} UTC
- AWS Account:                {account}
- Alarm Arn:                  {arn}

Threshold:
- The alarm is in the ALARM state when the {watched} is {comparison} {threshold} for at least {to_alarm} of the last {periods} \
period(s) of {period} seconds.
{metrics}
State Change Actions:
- OK: {ok}
- ALARM: {alarm}
- INSUFFICIENT_DATA: {insufficient}
"""
_METRIC = """
Monitored Metric:
- MetricNamespace:            {namespace}
- MetricName:                 {name}
- Dimensions:                 [{dimensions}]
- Period:                     {period} seconds
- Statistic:                  {statistic}
- TreatMissingData:           {missing}
"""


def subject(name: str, state: str) -> str:
    """The subject of the mail; SNS takes at most 100 characters."""
    return f'{state}: "{name}" in {_region_name()}'[:_SUBJECT_LENGTH]


def message(alarm: Any, before: str, told: datetime) -> str:
    """The message of all protocols: SNS picks the text under the subscription's protocol, else the JSON under `default`."""
    document = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": ACCOUNT,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": told.isoformat(timespec="milliseconds"),
        "Region": _region_name(),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    return json.dumps({"default": json.dumps(document), "email": _email(alarm, before, told)})


def _email(alarm: Any, before: str, told: datetime) -> str:
    return _EMAIL.format(
        name=alarm.name,
        region=REGION,
        region_name=_region_name(),
        state=alarm.state_value,
        before=before,
        reason=alarm.state_reason,
        told=told,
        description=alarm.description or "",
        account=ACCOUNT,
        arn=alarm.alarm_arn,
        watched="expression" if alarm.metric_data_queries else "metric",
        comparison=alarm.comparison_operator,
        threshold=alarm.threshold,
        to_alarm=alarm.datapoints_to_alarm or alarm.evaluation_periods,
        periods=alarm.evaluation_periods,
        period=period_of(alarm),
        metrics="".join(_metrics(alarm)),
        ok=_listed(alarm.ok_actions),
        alarm=_listed(alarm.alarm_actions),
        insufficient=_listed(alarm.insufficient_data_actions),
    )


def period_of(alarm: Any) -> int:
    """The length of an alarm's period in seconds; all metrics of an expression have the same."""
    stats = [query.metric_stat for query in alarm.metric_data_queries if query.metric_stat]
    return int(stats[0].period if stats else alarm.period)


def _metrics(alarm: Any) -> list[str]:
    watched = [
        (query.metric_stat.metric.namespace, query.metric_stat.metric.metric_name, query.metric_stat)
        for query in alarm.metric_data_queries
        if query.metric_stat
    ]
    if not watched:
        return [_metric(alarm, alarm.namespace, alarm.metric_name, alarm.dimensions, alarm.statistic)]
    return [_metric(alarm, space, name, stat.metric.dimensions, stat.stat) for space, name, stat in watched]


def _metric(alarm: Any, namespace: str, name: str, dimensions: Any, statistic: str) -> str:
    return _METRIC.format(
        namespace=namespace,
        name=name,
        dimensions=", ".join(f"{each.name} = {each.value}" for each in dimensions),
        period=period_of(alarm),
        statistic=statistic,
        missing=alarm.treat_missing_data or "missing",
    )


def _listed(actions: Any) -> str:
    return f"[{', '.join(actions)}]" if actions else ""


@cache
def _region_name() -> str:
    """The region's name as people read it, such as US East (N. Virginia)."""
    partitions = (
        botocore.session.get_session().get_component("data_loader").load_data("endpoints")["partitions"]
    )
    names = {key: found["description"] for each in partitions for key, found in each["regions"].items()}
    return str(names[REGION])
