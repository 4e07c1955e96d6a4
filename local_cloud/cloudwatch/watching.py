"""Evaluates the alarms: moto keeps alarms and data points, and never compares them."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.cloudwatch.models import CloudWatchBackend, Statistics, are_dimensions_same, cloudwatch_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.cloudwatch.evaluation import Point, Rule
from local_cloud.cloudwatch.expressions import Value, value_of
from local_cloud.cloudwatch.hook import STATISTICS, enter, returns
from local_cloud.cloudwatch.messages import period_of

log = logging.getLogger(__name__)

_EVERY_SECONDS = 60.0


class AlarmWatch:
    """Evaluates every alarm once a minute, as AWS does.

    `measure` publishes what is to be known at a time. It is called a minute before the first evaluation, so that the first one
    does not take a cluster for a missing one.
    """

    def __init__(self, measure: Callable[[datetime], None]) -> None:
        self._measure = measure
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="alarms", daemon=True)

    def start(self) -> None:
        """Evaluate until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Evaluate nothing more."""
        self._stop.set()
        if self._thread.ident is not None:  # Ctrl-C may come before the start
            self._thread.join()

    def _watch(self) -> None:
        action = self._measure
        while not self._stop.is_set():
            try:
                action(datetime.now(UTC))
            except (ClientError, BotoCoreError) as error:
                log.warning("the alarms could not be evaluated, trying again: %s", error)
            action = self.tick
            self._stop.wait(_EVERY_SECONDS)

    def tick(self, now: datetime) -> None:
        """Measure, and evaluate every alarm as of `now`."""
        self._measure(now)
        for alarm in list(_backend().describe_alarms()):
            evaluate(alarm, now)


def evaluate(alarm: Any, now: datetime) -> None:
    """Bring one alarm into the state that follows from the data points of the minutes before `now`."""
    rule = Rule(
        comparison=alarm.comparison_operator,
        threshold=alarm.threshold,
        periods=alarm.evaluation_periods,
        to_alarm=alarm.datapoints_to_alarm or alarm.evaluation_periods,
        missing=alarm.treat_missing_data or "missing",
    )
    verdict = rule.verdict(points(alarm, rule.range, now))
    if verdict and verdict.state != alarm.state_value:
        enter(alarm, verdict.state, verdict.reason, now=now)


def points(alarm: Any, count: int, now: datetime) -> list[Point | None]:
    """The data points of an alarm's last `count` periods, the oldest first.

    The periods slide: each evaluation looks at the periods that end in its minute ("Alarm evaluation windows", User Guide).
    """
    period = timedelta(seconds=period_of(alarm))
    end = now.replace(second=0, microsecond=0)
    starts = [end - number * period for number in range(count, 0, -1)]
    values = [_value(alarm, start, start + period) for start in starts]
    return [
        None if value is None else Point(start, float(value))
        for start, value in zip(starts, values, strict=True)
    ]


def _value(alarm: Any, start: datetime, end: datetime) -> Value:
    if not alarm.metric_data_queries:
        return _statistic(
            alarm.statistic, _data(alarm.namespace, alarm.metric_name, alarm.dimensions, start, end)
        )
    values: dict[str, Value] = {}
    for query in alarm.metric_data_queries:
        if stat := query.metric_stat:
            metric = stat.metric
            data = _data(metric.namespace, metric.metric_name, metric.dimensions, start, end)
            values[query.id] = _statistic(stat.stat, data)
    (watched,) = filter(returns, alarm.metric_data_queries)
    return value_of(watched.expression, values) if watched.expression else values[watched.id]


def _data(namespace: str, name: str, dimensions: Sequence[Any], start: datetime, end: datetime) -> list[Any]:
    """The data of one metric from `start` on and before `end`; a metric is its namespace, its name and all its dimensions."""
    return [
        datum
        for datum in list(_backend().metric_data)
        if (datum.namespace, datum.name) == (namespace, name)
        and are_dimensions_same(datum.dimensions, list(dimensions))
        and start <= _aware(datum.timestamp) < end
    ]


def _statistic(name: str, data: Iterable[Any]) -> Value:
    found = list(data)
    if not found:
        return None
    statistics = Statistics(list(STATISTICS), found[0].timestamp)
    statistics.metric_data = found
    return float(statistics.get_statistics_for_type(name))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # moto keeps UTC without saying so


def _backend() -> CloudWatchBackend:
    return cloudwatch_backends[ACCOUNT][REGION]
