"""Makes moto's Step Functions call `aws-sdk:redshiftdata` and `aws-sdk:sfn` as AWS does, each task under its role.

State machines write members in PascalCase, whatever case the service's API uses.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as sdk,
)

from local_cloud.step_functions import credentials

_moto_error = sdk.StateTaskServiceAwsSdk._from_error  # noqa: SLF001
_BOTO_SERVICES = {"redshiftdata": "redshift-data", "sfn": "stepfunctions"}
"""boto3's names of the services, by the names that state machines use."""


def install_integration() -> None:
    """Teach moto the services' names, the errors' names, the case of members in requests and responses, and who calls."""
    task = sdk.StateTaskServiceAwsSdk
    task._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES.update(_BOTO_SERVICES)  # noqa: SLF001  # moto has no other way
    sdk._SERVICE_ERROR_NAMES["redshiftdata"] = "RedshiftData"  # noqa: SLF001
    task._normalise_parameters = _normalise_parameters  # noqa: SLF001
    task._normalise_response = _normalise_response  # noqa: SLF001
    task._from_error = _from_error  # noqa: SLF001
    credentials.install()


def _normalise_parameters(task: sdk.StateTaskServiceAwsSdk, parameters: dict[str, Any], *_: object) -> None:
    if operation := _operation(task):
        _replace(parameters, _to_boto(parameters, operation.input_shape))


def _normalise_response(task: sdk.StateTaskServiceAwsSdk, response: dict[str, Any], *_: object) -> None:
    if operation := _operation(task):
        _replace(response, _from_boto(response, operation.output_shape))


def _from_error(task: sdk.StateTaskServiceAwsSdk, env: Any, ex: Exception) -> FailureEvent:
    """Without an answer the error is the SDK's, as on AWS; moto makes a States.Runtime of it, which no Retry or Catch of States.ALL matches."""
    if not isinstance(ex, BotoCoreError):
        return _moto_error(task, env, ex)
    service = task._normalise_service_error_name(task.resource.api_name)  # noqa: SLF001
    return task._get_task_failure_event(env=env, error=f"{service}.SdkClientException", cause=str(ex))  # noqa: SLF001


def _operation(task: sdk.StateTaskServiceAwsSdk) -> OperationModel | None:
    if task.resource.api_name not in _BOTO_SERVICES:
        return None
    action = str(task.resource.api_action)
    return _model_of(task.resource.api_name).operation_model(action[0].upper() + action[1:])


@cache
def _model_of(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(_BOTO_SERVICES[service])


def _replace(target: dict[str, Any], content: dict[str, Any]) -> None:
    target.clear()
    target.update(content)


def _to_boto(value: Any, shape: Shape | None) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        real = dict(_members(shape))
        named: dict[str, Any] = {str(real.get(name, name)): item for name, item in value.items()}
        return {name: _to_boto(item, shape.members.get(name)) for name, item in named.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_to_boto(item, shape.member) for item in value]
    return value


def _from_boto(value: Any, shape: Shape | None) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        pascal_case = {name: written for written, name in _members(shape)}
        return {
            pascal_case.get(name, name): _from_boto(item, shape.members.get(name))
            for name, item in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_from_boto(item, shape.member) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def _members(shape: StructureShape) -> Iterator[tuple[str, str]]:
    """The name of each member in state machines (`LongValue`), and its name in boto3 (`longValue`)."""
    return ((name[0].upper() + name[1:], name) for name in shape.members)
