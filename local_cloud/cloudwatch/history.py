"""DescribeAlarmHistory, which moto lacks: what was made of an alarm, the states it was in, and whom it told.

Words and documents are those of the examples in the AWS CLI's reference and in the API reference, DescribeAlarmHistory. As on AWS
an alarm's history outlives the alarm; here it ends with the endpoint, there after 30 days.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

_MOST = 100
"""MaxRecords of the service's model."""


@dataclass(frozen=True)
class _Item:
    alarm: str
    kind: str
    at: datetime
    summary: str
    data: dict[str, Any]

    def document(self) -> dict[str, Any]:
        return {
            "AlarmName": self.alarm,
            "AlarmType": "MetricAlarm",
            "Timestamp": self.at,
            "HistoryItemType": self.kind,
            "HistorySummary": self.summary,
            "HistoryData": json.dumps({"version": "1.0", **self.data}),
        }


_items: list[_Item] = []


def install() -> None:
    """Add DescribeAlarmHistory to moto's CloudWatch, and forget what an earlier endpoint of this process did."""
    _items.clear()
    CloudWatchResponse.describe_alarm_history = _describe


def configured(alarm: str, what: str) -> None:
    """An alarm was created, updated or deleted."""
    at = datetime.now(UTC)
    _items.append(_Item(alarm, "ConfigurationUpdate", at, f'Alarm "{alarm}" {what}', {"type": what.title()}))


def changed(alarm: str, before: tuple[str, str], after: tuple[str, str], at: datetime) -> None:
    """An alarm came into another state; a state is its value and the reason."""
    old, new = ({"stateValue": value, "stateReason": reason} for value, reason in (before, after))
    summary = f"Alarm updated from {before[0]} to {after[0]}"
    _items.append(_Item(alarm, "StateUpdate", at, summary, {"oldState": old, "newState": new}))


def acted(alarm: str, action: str, at: datetime, error: str = "") -> None:
    """An alarm carried out an action, or could not."""
    summary = f"Failed to execute action {action}. Received error: {error}" if error else ""
    data = {
        "actionState": "Failed" if error else "Succeeded",
        "notificationResource": action,
        "error": error or None,
    }
    _items.append(_Item(alarm, "Action", at, summary or f"Successfully executed action {action}", data))


def _describe(self: Any) -> ActionResult:
    """The newest first, unless ScanBy says otherwise. A token is the number of items that were told."""
    asked = self._get_params()
    told, most = int(asked.get("NextToken", 0)), int(asked.get("MaxRecords", _MOST))
    if not 1 <= most <= _MOST:
        raise InvalidParameterValue(f"MaxRecords is {most}, expected 1 to {_MOST}")
    newest_first = asked.get("ScanBy") != "TimestampAscending"
    wanted = (item for item in list(_items) if _is_wanted(item, asked))
    found = sorted(wanted, key=lambda item: item.at, reverse=newest_first)
    page = [item.document() for item in islice(found, told, told + most)]
    more = {"NextToken": str(told + most)} if len(found) > told + most else {}
    return ActionResult({"AlarmHistoryItems": page, **more})


def _is_wanted(item: _Item, asked: Mapping[str, Any]) -> bool:
    start, end = (_aware(asked.get(name, item.at)) for name in ("StartDate", "EndDate"))
    return (
        asked.get("AlarmName", item.alarm) == item.alarm
        and asked.get("HistoryItemType", item.kind) == item.kind
        and "MetricAlarm" in asked.get("AlarmTypes", ["MetricAlarm"])  # there are no other alarms here
        and start <= item.at <= end
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
