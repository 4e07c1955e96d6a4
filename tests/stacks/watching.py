"""What a deployment watches: its alarms and its dashboard, read back from the template in words."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.stacks.deployments import Deployment

_LESS_OR_MORE = {"LessThanThreshold": "<", "GreaterThanThreshold": ">"}
_EXPORT = re.compile(r"[\w-]+:ExportsOutputRef(\w+)[0-9A-F]{16}")


@dataclass(frozen=True)
class Alarm:
    """When an alarm rings, and whom it tells.

    `rings` compares an expression over the names in `metrics`; the metric of an alarm without an expression is called
    `value`. It rings after `periods` of `minutes` each, of which all have to be beyond the threshold.
    """

    rings: str
    metrics: Mapping[str, str]
    silence: str = "notBreaching"
    minutes: int = 5
    periods: int = 1
    tells: Sequence[str] = ("<Alerts>",)
    tells_the_end: Sequence[str] = ("<Alerts>",)


def alarms_of(deployment: Deployment) -> dict[str, Alarm]:
    """Each alarm by its name, without the name of the deployment; a property that is not known here is an error."""
    cluster_ids = deployment.template("monitoring")["Parameters"]
    found = {}
    for properties in deployment.properties("monitoring", "CloudWatch::Alarm"):
        left = _resolved(properties, cluster_ids)
        name = left.pop("AlarmName").removeprefix(f"{deployment.name}-")
        found[name] = _alarm(left)
        assert not left, (name, left)
    return found


def widgets_of(deployment: Deployment) -> dict[str, list[str]]:
    """What each widget of the dashboard shows, by its title: alarms, metrics, lines that stand still."""
    (dashboard,) = deployment.properties("monitoring", "CloudWatch::Dashboard")
    parameters = deployment.template("monitoring")["Parameters"]
    _, parts = _resolved(dashboard["DashboardBody"]["Fn::Join"], parameters)
    shown = {}
    for widget in json.loads("".join(parts))["widgets"]:
        properties = widget["properties"]
        shown[properties["title"]] = [
            *(arn.rpartition(":")[2] for arn in properties.get("alarms", [])),
            *(_shown(line) for line in properties.get("metrics", [])),
            *(
                f"{line['label']}: {line['value']}"
                for line in properties.get("annotations", {}).get("horizontal", [])
            ),
        ]
    return shown


def _alarm(left: dict[str, Any]) -> Alarm:
    """Make an alarm of the given properties, and remove them from the mapping."""
    del left["AlarmDescription"]
    expression, metrics, seconds = _math(left.pop("Metrics")) if "Metrics" in left else _single(left)
    periods = left.pop("EvaluationPeriods")
    return Alarm(
        rings=f"{expression} {_LESS_OR_MORE[left.pop('ComparisonOperator')]} {left.pop('Threshold')}",
        metrics=metrics,
        silence=left.pop("TreatMissingData"),
        minutes=seconds // 60,
        periods=periods,
        tells=tuple(left.pop("AlarmActions")),
        tells_the_end=tuple(left.pop("OKActions")),
    )


def _single(left: dict[str, Any]) -> tuple[str, dict[str, str], int]:
    metric = {name: left.pop(name, []) for name in ("Namespace", "MetricName", "Dimensions")}
    return "value", {"value": f"{left.pop('Statistic')} of {_named(metric)}"}, left.pop("Period")


def _math(parts: list[dict[str, Any]]) -> tuple[str, dict[str, str], int]:
    (whole,) = [part for part in parts if part["ReturnData"]]
    stats = {part["Id"]: part["MetricStat"] for part in parts if part is not whole}
    (seconds,) = {stat["Period"] for stat in stats.values()}
    metrics = {name: f"{stat['Stat']} of {_named(stat['Metric'])}" for name, stat in stats.items()}
    return whole["Expression"], metrics, seconds


def _named(metric: dict[str, Any]) -> str:
    dimensions = [f"{each['Name']}={each['Value']}" for each in metric.get("Dimensions", [])]
    return " ".join([metric["Namespace"], metric["MetricName"], *dimensions])


def _shown(line: list[Any]) -> str:
    """A line of a widget: namespace, metric, name and value of each dimension, options."""
    *names, options = line if isinstance(line[-1], dict) else [*line, {}]
    if "expression" in options:
        return str(options["expression"])
    namespace, metric, *dimensions = names
    pairs = [f"{name}={value}" for name, value in zip(dimensions[::2], dimensions[1::2], strict=True)]
    return " ".join([options.get("stat", "Average"), "of", namespace, metric, *pairs])


def _resolved(value: Any, parameters: Mapping[str, Any]) -> Any:
    """The value with the name of what is imported in place of an import, and a parameter's default in place of its name."""
    if isinstance(value, list):
        return [_resolved(each, parameters) for each in value]
    if not isinstance(value, dict):
        return value
    if "Fn::ImportValue" in value:
        imported = _EXPORT.fullmatch(value["Fn::ImportValue"])
        assert imported, value
        return f"<{imported[1]}>"
    if "Ref" in value:
        return parameters.get(value["Ref"], {"Default": f"<{value['Ref']}>"})["Default"]
    return {name: _resolved(each, parameters) for name, each in value.items()}
