"""Limits of the calls that this application makes, after the services' models: what the models lack stands in the guides."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.utils import get_service_model
from moto.emr.models import emr_backends
from moto.iam.models import iam_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.identity import Kind, Principal
from local_cloud.limits.model import problems, required

Members = Mapping[str, Any]

CALLED = frozenset(
    {"cloudwatch", "dynamodb", "emr", "events", "lambda", "scheduler", "sns", "stepfunctions", "sts"}
)
"""The services that what is deployed calls; the Data API has checks of its own, S3 a server of its own."""

_BY_PROTOCOL = {"json": "ValidationException", "rest-json": "ValidationException", "query": "ValidationError"}
_OF_MODEL = {"cloudwatch": "ValidationError", "sns": "InvalidParameter"}

_STEP_CHARACTERS = 10_240
_ACTIVE_STEPS = 256
_TAKES_STEPS = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")
_PAYLOAD_BYTES = 6 * 1024 * 1024
_INPUT_BYTES = 256 * 1024
_MESSAGE_BYTES = 256 * 1024
_SUBJECT_CHARACTERS = 100
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Line breaks and control characters."""
_METRICS, _VALUES, _EXPONENT = 1_000, 150, 360
_CHAINED_SECONDS = 3600


@dataclass(frozen=True)
class Problem:
    """Why a request is refused, and the code and the status of the error."""

    code: str
    message: str
    status: int = 400


def problem_of(principal: Principal, service: str, operation: str, members: Members) -> Problem | None:
    """The first thing that the service would not take, by boto3's names of the service, its operation and the members."""
    model = get_service_model(service)
    if service not in CALLED or operation not in model.operation_names:
        return None
    code = _OF_MODEL.get(service) or _BY_PROTOCOL[model.metadata["protocol"]]
    if shape := model.operation_model(operation).input_shape:
        found = [*required(members, shape), *problems(members, shape)]
        if found:
            detected = f"{len(found)} validation error{'s' * (len(found) > 1)} detected"
            return Problem(code, f"{detected}: {'; '.join(found)}")
    limits = _LIMITS.get((service, operation))
    return next(limits(code, members, principal), None) if limits else None


def _add_steps(code: str, members: Members, _: Principal) -> Iterator[Problem]:
    """API reference of EMR, AddJobFlowSteps; EMR Management Guide, "Submit work to a cluster" (256 active steps)."""
    cluster = emr_backends[ACCOUNT][REGION].clusters.get(members["JobFlowId"])
    if cluster is None:
        yield Problem("InvalidRequestException", f"Cluster id '{members['JobFlowId']}' is not valid.")
        return
    if cluster.state not in _TAKES_STEPS:
        message = "A job flow that is shutting down, terminated, or finished may not be modified."
        yield Problem(code, message)
    active = sum(step.state in {"PENDING", "RUNNING"} for step in cluster.steps)
    if active + len(members["Steps"]) > _ACTIVE_STEPS:
        yield Problem(code, f"Maximum number of active steps exceeded: {_ACTIVE_STEPS}")
    for step in members["Steps"]:
        size = sum(map(len, _texts(step["HadoopJarStep"])))
        if size > _STEP_CHARACTERS:
            yield Problem(
                code, f"The step {step['Name']} has {size} characters, at most {_STEP_CHARACTERS} are allowed"
            )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(each)


def _invoke(_: str, members: Members, __: Principal) -> Iterator[Problem]:
    """Lambda Developer Guide, "Lambda quotas": 6 MB for the request of a synchronous call."""
    if len(members.get("Payload") or b"") > _PAYLOAD_BYTES:
        message = f"Request must be smaller than {_PAYLOAD_BYTES} bytes for the InvokeFunction operation"
        yield Problem("RequestTooLargeException", message, 413)


def _start(code: str, members: Members, _: Principal) -> Iterator[Problem]:
    """API reference of Step Functions, StartExecution: the length of `input` is that of its UTF-8 bytes."""
    if len(members.get("input", "").encode()) > _INPUT_BYTES:
        constraint = f"Member must have length less than or equal to {_INPUT_BYTES}"
        yield Problem(
            code, f"1 validation error detected: Value at 'input' failed to satisfy constraint: {constraint}"
        )


def _publish(code: str, members: Members, _: Principal) -> Iterator[Problem]:
    """API reference of SNS, Publish; a subject of 100 characters is let through, as moto has seen on AWS."""
    subject = members.get("Subject")
    if subject is not None and (_BREAKS.search(subject) or not 0 < len(subject) <= _SUBJECT_CHARACTERS):
        yield Problem(code, "Invalid parameter: Subject")
    if len(members["Message"].encode()) > _MESSAGE_BYTES:
        yield Problem(code, "Invalid parameter: Message too long")
    if not members["Message"]:
        yield Problem(code, "Invalid parameter: Empty message")


def _put_metrics(_: str, members: Members, __: Principal) -> Iterator[Problem]:
    """API reference of CloudWatch, PutMetricData and MetricDatum. How old a metric is, is not asked: tests let hours pass in moments."""
    code = "InvalidParameterValue"
    data = members.get("MetricData") or []
    if len(data) > _METRICS:
        yield Problem(code, f"The collection MetricData must not have a size greater than {_METRICS}.")
    for number, datum in enumerate(data, 1):
        name = f"MetricData.member.{number}"
        values = [*(datum.get("Values") or ()), *(() if datum.get("Value") is None else (datum["Value"],))]
        if len(datum.get("Values") or ()) > _VALUES:
            yield Problem(code, f"The collection {name}.Values must not have a size greater than {_VALUES}.")
        for value in map(float, values):
            if not (value == 0 or (math.isfinite(value) and 2**-_EXPONENT <= abs(value) <= 2.0**_EXPONENT)):
                yield Problem(code, f"The value {value} for parameter {name}.Value is invalid.")


def _assume_role(code: str, members: Members, principal: Principal) -> Iterator[Problem]:
    """IAM User Guide, "Methods to assume a role" (role chaining); API reference of STS, AssumeRole."""
    if members.get("Policy") or members.get("PolicyArns"):
        yield Problem(
            code, "session policies are not judged on this machine: ask for the session without one"
        )
    wanted = members.get("DurationSeconds")
    if not wanted:
        return
    if principal.kind is Kind.ROLE and wanted > _CHAINED_SECONDS:
        yield Problem(
            code,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        )
    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    longest = next((role.max_session_duration for role in roles if role.arn == members["RoleArn"]), None)
    if longest and wanted > int(longest):
        yield Problem(code, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


_LIMITS: Mapping[tuple[str, str], Callable[[str, Members, Principal], Iterator[Problem]]] = {
    ("cloudwatch", "PutMetricData"): _put_metrics,
    ("emr", "AddJobFlowSteps"): _add_steps,
    ("lambda", "Invoke"): _invoke,
    ("sns", "Publish"): _publish,
    ("stepfunctions", "StartExecution"): _start,
    ("sts", "AssumeRole"): _assume_role,
}
