"""Evaluates the alarms: moto keeps alarms and data points, and never compares them."""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
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

Data = Mapping[tuple[str, str], Sequence[Any]]


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
        known = data_by_metric()
        for alarm in list(_backend().describe_alarms()):
            evaluate(alarm, now, known)


def evaluate(alarm: Any, now: datetime, known: Data) -> None:
    """Bring one alarm into the state that follows from the data points of the minutes before `now`."""
    rule = Rule(
        comparison=alarm.comparison_operator,
        threshold=alarm.threshold,
        periods=alarm.evaluation_periods,
        to_alarm=alarm.datapoints_to_alarm or alarm.evaluation_periods,
        missing=alarm.treat_missing_data or "missing",
    )
    verdict = rule.verdict(_points(alarm, rule.range, now, known))
    if verdict and verdict.state != alarm.state_value:
        enter(alarm, verdict.state, verdict.reason, now)


def _points(alarm: Any, count: int, now: datetime, known: Data) -> list[Point | None]:
    """The data points of an alarm's last `count` periods, the oldest first.

    The periods slide: each evaluation looks at the periods that end in its minute ("Alarm evaluation windows", User Guide).
    """
    period = timedelta(seconds=period_of(alarm))
    end = now.replace(second=0, microsecond=0)
    starts = [end - number * period for number in range(count, 0, -1)]
    values = [_value(alarm, start, start + period, known) for start in starts]
    return [
        None if value is None else Point(start, float(value))
        for start, value in zip(starts, values, strict=True)
    ]


def _value(alarm: Any, start: datetime, end: datetime, known: Data) -> Value:
    def of(metric: Any, statistic: str) -> Value:
        found = known.get((metric.namespace, metric.metric_name), ())
        return _statistic(
            statistic,
            (
                datum
                for datum in found
                if start <= _aware(datum.timestamp) < end
                and are_dimensions_same(datum.dimensions, metric.dimensions)
            ),
        )

    if not alarm.metric_data_queries:
        return of(alarm, alarm.statistic)
    stats = {query.id: query.metric_stat for query in alarm.metric_data_queries if query.metric_stat}
    values = {name: of(stat.metric, stat.stat) for name, stat in stats.items()}
    (watched,) = filter(returns, alarm.metric_data_queries)
    return value_of(watched.expression, values) if watched.expression else values[watched.id]


def data_by_metric() -> Data:
    """All data that was published, by namespace and name of the metric. A metric's dimensions belong to its name: others, another metric."""
    found = defaultdict(list)
    for datum in list(_backend().metric_data):
        found[datum.namespace, datum.name].append(datum)
    return found


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
