"""Whether an alarm has rung, by its history."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from operations.smoke.parts import rang

NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)


def item(minute: int, kind: str, state: str = "") -> dict[str, Any]:
    data = json.dumps({"newState": {"stateValue": state}})
    return {"Timestamp": NOON + timedelta(minutes=minute), "HistoryItemType": kind, "HistoryData": data}


def test_the_mail_that_all_is_well_is_no_ring() -> None:
    assert rang([item(0, "StateUpdate", "OK"), item(0, "Action")]) == []


def test_an_alarm_that_tells_nobody_has_not_rung() -> None:
    assert rang([item(0, "Action"), item(1, "StateUpdate", "ALARM")]) == []


def test_an_alarm_has_rung_as_soon_as_it_has_told_somebody() -> None:
    told = item(2, "Action")
    assert rang([item(0, "Action"), item(1, "StateUpdate", "ALARM"), told]) == [told]
