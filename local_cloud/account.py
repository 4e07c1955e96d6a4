"""What an AWS account has before anything is deployed into it."""

from datetime import UTC, datetime

import boto3
from moto.ssm.models import Parameter, ssm_backends

from lambdas.shared.environment import POWERTOOLS_LAYER
from local_cloud.addresses import REGION

ACCOUNT = "123456789012"


def provide() -> None:
    """Publish AWS's public Powertools layer, and the parameter that names it."""
    layer = boto3.client("lambda").publish_layer_version(
        LayerName="AWSLambdaPowertools", Content={"ZipFile": b"the installed package stands in for it"}
    )["LayerVersionArn"]
    # not through the API: it lets only AWS write below /aws
    ssm_backends[ACCOUNT][REGION]._parameters[POWERTOOLS_LAYER].append(  # noqa: SLF001
        Parameter(
            account_id=ACCOUNT,
            name=POWERTOOLS_LAYER,
            value=layer,
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=datetime.now(UTC),
            version=1,
            data_type="text",
        )
    )
