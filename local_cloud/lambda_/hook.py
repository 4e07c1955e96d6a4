"""Hook into moto's Lambda: an invocation runs the deployed code."""

import json
from typing import Any

from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.config import default_user_config
from moto.core.exceptions import JsonRESTError

from landing.disk import disk_full, is_full
from local_cloud.lambda_.runtime import LambdaRuntime


def install(runtime: LambdaRuntime) -> None:
    """Make `lambda:Invoke` run the function's handler, whether boto3 or a state machine calls it."""
    default_user_config["lambda"]["use_docker"] = False

    def invoke(
        self: Any,
        function_name: str,
        qualifier: str | None,
        body: Any,
        _headers: Any,
        response_headers: dict[str, str],
    ) -> bytes:
        function = self.get_function(function_name, qualifier)
        try:
            answer = runtime.invoke(function, json.loads(body or "{}"))
        except OSError as error:
            if not is_full(error):
                raise
            raise JsonRESTError("ServiceException", disk_full(runtime.code)) from error
        if answer.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        return answer.payload

    LambdaSimpleBackend.invoke = invoke
