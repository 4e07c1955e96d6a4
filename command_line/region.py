"""The AWS region of a command, given as the AWS CLI and the CDK CLI take it."""

import os


def adopt_region() -> None:
    """Let boto3 know `AWS_REGION`, which it does not read; it reads only `AWS_DEFAULT_REGION`.

    AWS SDKs and Tools Reference Guide, "AWS Region". Without this a command would look into another region than the one that `cdk deploy` uses.
    """
    if region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region
