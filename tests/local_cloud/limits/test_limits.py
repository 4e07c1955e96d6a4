"""What the services would not take is refused here, with their error; what they just take is taken."""

import io
import json
import zipfile
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import Shape, ShapeResolver
from moto.emr.models import emr_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.identity import session
from local_cloud.limits.model import problems, required
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.roles import role
from tests.local_cloud.waiting import PATIENCE

_CARELESS = Config(parameter_validation=False, retries={"total_max_attempts": 1})


_THIRTY_ONE = {
    "MetricName": "m",
    "Value": 1.0,
    "Dimensions": [{"Name": f"d{n}", "Value": "v"} for n in range(31)],
}


@pytest.fixture(scope="module")
def clients(endpoint: Endpoint) -> Any:
    """Makes clients that send what boto3 would not, as the tasks of a state machine do."""
    del endpoint  # it has to run
    return lambda service: boto3.client(service, config=_CARELESS)


@pytest.fixture(scope="module")
def topic(clients: Any) -> str:
    return str(clients("sns").create_topic(Name="limits")["TopicArn"])


@pytest.fixture(scope="module")
def cluster(clients: Any) -> str:
    instances = {"KeepJobFlowAliveWhenNoSteps": True, "MasterInstanceType": "m5.xlarge"}
    emr = clients("emr")
    return str(emr.run_job_flow(Name="limits", Instances=instances, ReleaseLabel="emr-7.13.0")["JobFlowId"])


def _error(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    return str(refused.value.response["Error"]["Code"])


def _step(size: int) -> dict[str, Any]:
    """A step whose texts have `size` characters."""
    jar = {"Jar": "command-runner.jar", "Args": ["x" * (size - len("command-runner.jar"))]}
    return {"Name": "s", "HadoopJarStep": jar}


def test_the_texts_of_a_step_have_a_limit(clients: Any, cluster: str) -> None:
    add = clients("emr").add_job_flow_steps
    add(JobFlowId=cluster, Steps=[_step(10_240)])
    assert _error(add, JobFlowId=cluster, Steps=[_step(10_241)]) == "ValidationException"


def test_a_cluster_takes_256_active_steps(clients: Any, cluster: str) -> None:
    steps = emr_backends[ACCOUNT][REGION].clusters[cluster].steps
    for step in steps:
        step.state = "COMPLETED"
    add = clients("emr").add_job_flow_steps
    for _ in range(8):
        add(JobFlowId=cluster, Steps=[_step(30)] * 32)
    assert _error(add, JobFlowId=cluster, Steps=[_step(30)]) == "ValidationException"
    for step in steps:
        step.state = "COMPLETED"
    add(JobFlowId=cluster, Steps=[_step(30)])


def test_a_cluster_that_is_gone_takes_no_steps(clients: Any) -> None:
    emr = clients("emr")
    made = emr.run_job_flow(
        Name="gone", Instances={"KeepJobFlowAliveWhenNoSteps": True}, ReleaseLabel="emr-7.13.0"
    )["JobFlowId"]
    emr.terminate_job_flows(JobFlowIds=[made])
    assert _error(emr.add_job_flow_steps, JobFlowId=made, Steps=[_step(30)]) == "ValidationException"
    assert _error(emr.add_job_flow_steps, JobFlowId="j-NONE", Steps=[_step(30)]) == "InvalidRequestException"


@pytest.mark.parametrize("subject", ["x" * 101, "two\nlines", "a bell \x07", ""])
def test_a_subject_that_sns_would_not_take_is_refused(clients: Any, topic: str, subject: str) -> None:
    publish = clients("sns").publish
    publish(TopicArn=topic, Subject="größer\u00a0" + "x" * 93, Message="m")
    assert _error(publish, TopicArn=topic, Subject=subject, Message="m") == "InvalidParameter"


@pytest.mark.slow
def test_a_message_is_counted_in_bytes(clients: Any, topic: str) -> None:
    publish = clients("sns").publish
    publish(TopicArn=topic, Message="ö" * (128 * 1024))
    assert _error(publish, TopicArn=topic, Message="ö" * (128 * 1024) + "x") == "InvalidParameter"
    assert _error(publish, TopicArn=topic, Message="") == "InvalidParameter"


@pytest.mark.parametrize(
    "datum",
    [
        {"Value": 2.0**361},
        {"Value": 2.0**-361},
        {"Values": [1.0] * 151},
    ],
)
def test_a_metric_that_cloudwatch_would_not_take_is_refused(clients: Any, datum: dict[str, Any]) -> None:
    put = clients("cloudwatch").put_metric_data
    assert _error(put, Namespace="n", MetricData=[{"MetricName": "m", **datum}]) == "InvalidParameterValue"


def test_a_request_holds_1000_metrics(clients: Any) -> None:
    put = clients("cloudwatch").put_metric_data
    zero = {"MetricName": "m", "Value": 0.0}
    put(Namespace="n", MetricData=[zero] * 1000)
    assert _error(put, Namespace="n", MetricData=[zero] * 1001) == "InvalidParameterValue"


def test_an_item_of_more_than_400_kb_is_refused(clients: Any) -> None:
    dynamodb = clients("dynamodb")
    key = {"AttributeName": "k", "AttributeType": "S"}
    dynamodb.create_table(
        TableName="limits",
        AttributeDefinitions=[key],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"k": {"S": "1"}, "v": {"S": "x" * (390 * 1024)}}
    dynamodb.put_item(TableName="limits", Item=item)
    large = {**item, "v": {"S": "x" * (400 * 1024)}}
    assert _error(dynamodb.put_item, TableName="limits", Item=large) == "ValidationException"


@pytest.mark.parametrize(
    ("service", "method", "request_", "code"),
    [
        ("dynamodb", "get_item", {"TableName": "limits"}, "ValidationException"),
        (
            "stepfunctions",
            "start_execution",
            {"stateMachineArn": "a", "name": "x" * 81},
            "ValidationException",
        ),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:limits"}, "InvalidParameter"),
        ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [_THIRTY_ONE]}, "ValidationError"),
        ("sts", "assume_role", {"RoleArn": "x" * 20, "RoleSessionName": "a/b"}, "ValidationError"),
    ],
)
def test_a_request_that_breaks_the_service_s_model_is_refused(
    clients: Any, service: str, method: str, request_: dict[str, Any], code: str
) -> None:
    assert _error(getattr(clients(service), method), **request_) == code


def test_a_session_lasts_as_long_as_its_role_and_its_caller_allow(clients: Any) -> None:
    assume = {"RoleArn": role("short", "lambda.amazonaws.com"), "RoleSessionName": "me"}
    clients("sts").assume_role(**assume, DurationSeconds=3600)
    assert _error(clients("sts").assume_role, **assume, DurationSeconds=3601) == "ValidationError"
    boto3.client("iam").update_role(RoleName="short", MaxSessionDuration=7200)
    clients("sts").assume_role(**assume, DurationSeconds=7200)
    chained = session(role("chain", "lambda.amazonaws.com"), "a").client("sts", config=_CARELESS)
    chained.assume_role(**assume, DurationSeconds=3600)
    assert _error(chained.assume_role, **assume, DurationSeconds=7200) == "ValidationError"


def test_a_session_policy_is_refused_and_not_forgotten(clients: Any) -> None:
    assume = {"RoleArn": role("narrowed", "lambda.amazonaws.com"), "RoleSessionName": "me"}
    nothing = json.dumps({"Version": "2012-10-17", "Statement": []})
    assert _error(clients("sts").assume_role, **assume, Policy=nothing) == "ValidationError"


def test_a_payload_of_more_than_six_megabytes_is_refused(clients: Any) -> None:
    invoke = clients("lambda").invoke
    payload = json.dumps("x" * (6 * 1024 * 1024))
    assert _error(invoke, FunctionName="none", Payload=payload) == "RequestTooLargeException"


@pytest.mark.slow
def test_an_answer_of_more_than_six_megabytes_is_an_error(clients: Any) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as code:
        code.writestr("large.py", "def handler(event, _):\n    return event * 'x'\n")
    clients("lambda").create_function(
        FunctionName="large",
        Role=role("large", "lambda.amazonaws.com"),
        Runtime="python3.14",
        Handler="large.handler",
        Timeout=PATIENCE,
        Code={"ZipFile": content.getvalue()},
    )
    short, long = (clients("lambda").invoke(FunctionName="large", Payload=size) for size in ("9", "7000000"))
    assert [short.get("FunctionError"), long.get("FunctionError")] == [None, "Unhandled"]
    assert json.loads(long["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"


_SHAPES: Any = {
    "Request": {
        "type": "structure",
        "required": ["Name"],
        "members": {"Name": {"shape": "Name"}, "Tags": {"shape": "Tags"}},
    },
    "Name": {"type": "string", "min": 1, "max": 3, "pattern": "[a-z]*"},
    "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Odd"}, "max": 1},
    "Odd": {"type": "string", "pattern": r"[\p{L}]*"},
}
_MODEL = ShapeResolver(_SHAPES)


@pytest.fixture
def shape() -> Shape:
    return _MODEL.get_shape_by_name("Request")


def test_the_model_s_constraints_are_told_for_each_member(shape: Shape) -> None:
    said = [
        " ".join(each.split()[3:]) for each in problems({"Name": "LONG", "Tags": {"a": "1", "b": "2"}}, shape)
    ]
    assert said == [
        "failed to satisfy constraint: Member must have length less than or equal to 3",
        "failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]*",
        "failed to satisfy constraint: Member must have length less than or equal to 1",
    ]
    assert list(problems({"Name": "abc", "Tags": {"a": "1"}}, shape)) == []
    assert list(required({}, shape)) == [
        "Value null at 'name' failed to satisfy constraint: Member must not be null"
    ]
