"""Hook into moto's Lambda: an invocation runs the deployed code."""

import json
import time
from typing import Any

from moto.awslambda.models import LambdaBackend
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.config import default_user_config
from moto.core.exceptions import JsonRESTError

from landing.disk import disk_full, is_full
from local_cloud.cloudwatch import PrintedMetrics, function_invoked
from local_cloud.identity import NotTrusted
from local_cloud.lambda_.runtime import LambdaRuntime


def install(runtime: LambdaRuntime) -> None:
    """Make `lambda:Invoke` run the function's handler, whether boto3 or a state machine calls it; what it prints as metrics arrives.

    The runtime hears of each function that is made.
    """
    default_user_config["lambda"]["use_docker"] = False
    printed = PrintedMetrics()
    create = LambdaBackend.create_function

    def invoke(
        self: Any,
        function_name: str,
        qualifier: str | None,
        body: Any,
        _headers: Any,
        response_headers: dict[str, str],
    ) -> bytes:
        function = self.get_function(function_name, qualifier)
        printed.skip(runtime.log(function))
        started = time.perf_counter()
        try:
            answer = runtime.invoke(function, json.loads(body or "{}"))
        except NotTrusted as error:  # AWS says it when the function is made
            message = "The role defined for the function cannot be assumed by Lambda."
            raise JsonRESTError("InvalidParameterValueException", message) from error
        except OSError as error:
            if not is_full(error):
                raise
            raise JsonRESTError("ServiceException", disk_full(runtime.code)) from error
        milliseconds = 1000 * (time.perf_counter() - started)
        function_invoked(function.function_name, milliseconds=milliseconds, failed=answer.failed)
        printed.publish(runtime.log(function))
        if answer.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        return answer.payload

    def create_function(self: Any, spec: dict[str, Any]) -> Any:
        function = create(self, spec)
        runtime.made(function)
        return function

    LambdaSimpleBackend.invoke = invoke
    LambdaSimpleBackend.create_function = create_function
