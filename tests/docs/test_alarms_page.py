"""docs/alarms.md is what the alarms' tests hold."""

from stacks import ROOT
from tests.e2e.causes import alarms_page


def test_the_page_shows_when_each_alarm_rings() -> None:
    assert (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8") == alarms_page(), "run `make docs`"
