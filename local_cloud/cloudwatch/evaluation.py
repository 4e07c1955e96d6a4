"""Decides the state of an alarm from its data points; knows no clock and no metric.

From "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" in the CloudWatch User Guide. How AWS words a
state's reason is taken from the examples of its guides; only the guides' tables of states are proven here, by a test.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

Compare = Callable[[float, float], bool]

COMPARISONS: dict[str, tuple[Compare, str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
MISSING_DATA = ("missing", "ignore", "breaching", "notBreaching")
_MORE_THAN_EVALUATED = 2


@dataclass(frozen=True)
class Point:
    """A data point of one period, which begins at `start`."""

    start: datetime
    value: float


@dataclass(frozen=True)
class Verdict:
    """The state of an alarm, and why: OK, ALARM or INSUFFICIENT_DATA."""

    state: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When an alarm rings: at least `to_alarm` of `periods` data points compare with the threshold as `comparison` says."""

    comparison: str
    threshold: float
    periods: int
    to_alarm: int
    missing: str

    @property
    def range(self) -> int:
        """For how many periods data points are looked up.

        AWS looks at more than are evaluated, and does not say how many more; in the guide's examples there are five for three.
        """
        return self.periods + _MORE_THAN_EVALUATED

    def breaches(self, point: Point) -> bool:
        """Whether a data point is beyond the threshold."""
        return COMPARISONS[self.comparison][0](point.value, self.threshold)

    def verdict(self, points: Sequence[Point | None]) -> Verdict | None:
        """The state that follows from the points of the evaluation range, the oldest first; None stands for a missing point.

        The verdict is None if the alarm keeps its state: it ignores missing data, and the points that exist decide nothing.
        """
        real = [point for point in points if point is not None][-self.periods :]
        breaching = sum(map(self.breaches, real))
        lacking = self.periods - len(real)
        if lacking and self.missing in ("breaching", "notBreaching"):
            filled = lacking if self.missing == "breaching" else 0
            return self._decided(real, lacking, rings=breaching + filled >= self.to_alarm)
        if not lacking or breaching >= self.to_alarm or breaching < len(real):
            return self._decided(real, 0, rings=breaching >= self.to_alarm)
        if self._is_old_enough(points):
            return self._decided(real, 0, rings=True)
        return None if self.missing == "ignore" else _insufficient(self.periods)

    def _is_old_enough(self, points: Sequence[Point | None]) -> bool:
        """Whether the oldest point is so old that the alarm rings although there are too few points; all of them breach.

        The guide's "Avoiding premature transitions to alarm state": as old as the number of data points to alarm.
        """
        known = [number for number, point in enumerate(reversed(points), 1) if point is not None]
        return self.missing == "missing" and bool(known) and max(known) >= self.to_alarm

    def _decided(self, real: Sequence[Point], lacking: int, *, rings: bool) -> Verdict:
        return Verdict("ALARM" if rings else "OK", self._reason(real, lacking, rings=rings))

    def _reason(self, real: Sequence[Point], lacking: int, *, rings: bool) -> str:
        treated = f"treated as [{'Breaching' if self.missing == 'breaching' else 'NonBreaching'}]"
        if not real:
            periods = _counted(self.periods, "period")
            return f"Threshold Crossed: no datapoints were received for {periods} and {_missing(lacking)} {treated}."
        told = [point for point in real if self.breaches(point) == rings] or list(real)
        values = ", ".join(f"{point.value} ({point.start:%d/%m/%y %H:%M:%S})" for point in reversed(told))
        verb = ("was" if len(told) == 1 else "were") + ("" if all(map(self.breaches, told)) else " not")
        compared = f"{verb} {COMPARISONS[self.comparison][1]} the threshold ({self.threshold})"
        if lacking:
            return f"Threshold Crossed: {_counted(len(told), 'datapoint')} [{values}] {compared} and {_missing(lacking)} {treated}."
        needed, way = (
            (self.to_alarm, "OK -> ALARM") if rings else (self.periods - self.to_alarm + 1, "ALARM -> OK")
        )
        return (
            f"Threshold Crossed: {len(told)} out of the last {len(real)} datapoints [{values}] {compared} "
            f"(minimum {_counted(needed, 'datapoint')} for {way} transition)."
        )


def _insufficient(periods: int) -> Verdict:
    unknown = f"{_counted(periods, 'datapoint')} {'was' if periods == 1 else 'were'} unknown"
    return Verdict("INSUFFICIENT_DATA", f"Insufficient Data: {unknown}.")


def _missing(count: int) -> str:
    return f"{_counted(count, 'missing datapoint')} {'was' if count == 1 else 'were'}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
