"""What is there before anything is deployed."""

import boto3
import pytest

from lambdas.shared.environment import POWERTOOLS_LAYER

pytestmark = pytest.mark.usefixtures("endpoint")


def test_awss_public_parameter_names_the_powertools_layer() -> None:
    parameter = boto3.client("ssm").get_parameter(Name=POWERTOOLS_LAYER)["Parameter"]
    assert parameter["Value"] == "arn:aws:lambda:us-east-1:123456789012:layer:AWSLambdaPowertools:1"


def test_a_template_can_take_the_layer_from_the_parameter() -> None:
    template = f"""{{
        "Parameters": {{"Layer": {{"Type": "AWS::SSM::Parameter::Value<String>", "Default": "{POWERTOOLS_LAYER}"}}}},
        "Resources": {{}},
        "Outputs": {{"Arn": {{"Value": {{"Ref": "Layer"}}}}}}
    }}"""
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName="takes-layer", TemplateBody=template)
    (output,) = cloudformation.describe_stacks(StackName="takes-layer")["Stacks"][0]["Outputs"]
    assert output["OutputValue"].endswith(":layer:AWSLambdaPowertools:1")
