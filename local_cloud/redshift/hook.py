"""The engine behind moto's Redshift Data API."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import botocore.session
from botocore.model import Shape
from botocore.validate import ParamValidator
from moto.core.exceptions import JsonRESTError
from moto.redshift.models import Cluster, redshift_backends
from moto.redshiftdata.responses import RedshiftDataAPIServiceResponse

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.identity import Principal, principal_in
from local_cloud.limits import problems
from local_cloud.redshift.data_api import RedshiftEngine
from local_cloud.redshift.errors import DataApiError, invalid
from local_cloud.step_functions.aws_sdk_tasks import install_integration

_Response = tuple[int, dict[str, str], str]


def install(engine: RedshiftEngine) -> None:
    """Make every moto server of this process answer redshift-data requests from `engine`.

    State machines reach it by `arn:aws:states:::aws-sdk:redshiftdata:...`. A second call replaces the first engine.
    """
    operations = (
        engine.batch_execute_statement,
        engine.cancel_statement,
        engine.describe_statement,
        engine.execute_statement,
        engine.get_statement_result,
        engine.list_statements,
    )
    for operation in operations:
        setattr(RedshiftDataAPIServiceResponse, operation.__name__, _answer_with(operation))
    # moto would name a cluster of CloudFormation as it names resources without a name
    Cluster.cloudformation_name_type = staticmethod(lambda: "ClusterIdentifier")
    install_integration()
    # moto gives a template's cluster a name of its own
    Cluster.cloudformation_name_type = staticmethod(lambda: "ClusterIdentifier")


def master_of(cluster: str) -> str:
    """The master user of a deployed cluster. Raises DataApiError if there is no such cluster."""
    found = redshift_backends[ACCOUNT][REGION].clusters.get(cluster)
    if found is None:
        raise invalid("Redshift endpoint doesn't exist in this region.")
    return str(found.master_username)


def _answer_with(
    operation: Callable[[dict[str, Any], Principal], dict[str, Any]],
) -> Callable[[RedshiftDataAPIServiceResponse], _Response]:
    model = botocore.session.get_session().get_service_model("redshift-data")
    operation_model = model.operation_model("".join(word.title() for word in operation.__name__.split("_")))
    shape = cast("Shape", operation_model.input_shape)  # every operation of this service takes members

    def answer(response: RedshiftDataAPIServiceResponse) -> _Response:
        request = json.loads(response.body)
        # boto3 checks types and required members before it sends; other callers, such as state machines, do not.
        report = ParamValidator().validate(request, shape)
        try:
            if report.has_errors():
                raise invalid(report.generate_report())
            if found := list(problems(request, shape)):
                detected = f"{len(found)} validation error{'s' * (len(found) > 1)} detected"
                raise invalid(f"{detected}: {'; '.join(found)}")
            body = operation(request, principal_in(response))
        except DataApiError as error:
            raise JsonRESTError(error.code, error.message) from None
        return 200, {}, json.dumps(body, default=_epoch)

    return answer


def _epoch(value: object) -> float:
    # The wire format of timestamps in this protocol: seconds since 1970.
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{value!r} is not part of an answer of the Data API")
