"""Whose an access key is, and what the services answer to a key that is nobody's."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.responses import BaseResponse
from moto.iam.exceptions import NotFoundException
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

from local_cloud import identity
from local_cloud.addresses import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET, REGION
from local_cloud.identity import KeyRefused, Keys, Kind, Problem, caller, principal_of, service_keys, session

_OF_NOBODY = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
_TRUST = {"Version": "2012-10-17", "Statement": [_OF_NOBODY]}
_UNKNOWN = Keys("ASIAAAAAAAAAAAAAAAAA", "secret", "token")


@pytest.fixture
def role() -> Iterator[dict[str, Any]]:
    with mock_aws():
        yield dict(
            boto3.client("iam", REGION).create_role(
                RoleName="reader", AssumeRolePolicyDocument=json.dumps(_TRUST)
            )["Role"]
        )


def test_a_session_is_known_by_its_key_and_token(role: dict[str, Any]) -> None:
    keys = session(role["Arn"], "plan-copies")
    principal = principal_of(keys.access_key_id, keys.session_token)
    assert (principal.kind, principal.arn) == (Kind.ROLE, role["Arn"])
    assert principal.user_id == f"{role['RoleId']}:plan-copies"
    assert principal.caller_arn == "arn:aws:sts::123456789012:assumed-role/reader/plan-copies"


def test_a_key_of_assume_role_is_a_session_like_any_other(role: dict[str, Any]) -> None:
    assumed = boto3.client("sts", REGION).assume_role(RoleArn=role["Arn"], RoleSessionName="by-hand")
    credentials = assumed["Credentials"]
    principal = principal_of(credentials["AccessKeyId"], credentials["SessionToken"])
    assert principal.caller_arn == assumed["AssumedRoleUser"]["Arn"]
    assert principal.user_id == assumed["AssumedRoleUser"]["AssumedRoleId"]


@pytest.mark.usefixtures("role")
def test_the_roles_that_deploy_are_the_hands_of_the_administrator() -> None:
    name = "cdk-hnb659fds-deploy-role-123456789012-us-east-1"
    role = boto3.client("iam", REGION).create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
    keys = session(role["Role"]["Arn"], "aws-cdk")
    assert principal_of(keys.access_key_id, keys.session_token).kind is Kind.ADMINISTRATOR


def test_the_key_of_a_session_is_refused_with_another_token(role: dict[str, Any]) -> None:
    keys = session(role["Arn"], "a")
    for token in (None, session(role["Arn"], "b").session_token):
        with pytest.raises(KeyRefused) as refused:
            principal_of(keys.access_key_id, token)
        assert refused.value.problem is Problem.UNKNOWN


def test_a_session_ends(role: dict[str, Any]) -> None:
    keys = session(role["Arn"], "short", seconds=0)
    with pytest.raises(KeyRefused) as refused:
        principal_of(keys.access_key_id, keys.session_token)
    assert refused.value.problem is Problem.EXPIRED


def test_a_session_of_a_deleted_role_is_nobody(role: dict[str, Any]) -> None:
    keys = session(role["Arn"], "orphan")
    boto3.client("iam", REGION).delete_role(RoleName=role["RoleName"])
    with pytest.raises(KeyRefused):
        principal_of(keys.access_key_id, keys.session_token)


@pytest.mark.usefixtures("role")
def test_there_is_no_session_of_a_role_that_does_not_exist() -> None:
    with pytest.raises(NotFoundException):
        session("arn:aws:iam::123456789012:role/nobody", "a")


@pytest.mark.usefixtures("role")
def test_a_service_that_acts_in_its_own_name_is_known_by_that_name() -> None:
    principal = principal_of(service_keys("cloudwatch.amazonaws.com").access_key_id)
    assert (principal.kind, principal.caller_arn) == (Kind.SERVICE, "cloudwatch.amazonaws.com")


@pytest.mark.usefixtures("role")
def test_a_user_of_iam_is_known_by_the_users_key() -> None:
    iam = boto3.client("iam", REGION)
    user = iam.create_user(UserName="loader")["User"]
    key = iam.create_access_key(UserName="loader")["AccessKey"]
    assert principal_of(key["AccessKeyId"]) == identity.Principal(Kind.USER, user["Arn"], user["UserId"])


def test_the_key_in_the_environment_of_a_person_is_the_administrators() -> None:
    assert principal_of(ADMINISTRATOR_KEY).kind is Kind.ADMINISTRATOR


def test_a_request_that_nobody_signed_is_refused() -> None:
    with pytest.raises(KeyRefused) as refused:
        caller({})
    assert refused.value.problem is Problem.MISSING


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A moto server that refuses unknown keys."""
    with pytest.MonkeyPatch.context() as patch:
        for kind, name in (
            (BaseResponse, "_dispatch"),
            (S3Response, "_bucket_response"),
            (S3Response, "_key_response"),
        ):
            patch.setattr(kind, name, getattr(kind, name))  # to be restored
        identity.install()
        running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        running.start()
        host, port = running.get_host_and_port()
        yield f"http://{host}:{port}"
        running.stop()


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("cloudformation", "list_stacks", "InvalidClientTokenId"),
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("lambda", "list_functions", "UnrecognizedClientException"),
        ("redshift-data", "list_statements", "UnrecognizedClientException"),
        ("sns", "list_topics", "InvalidClientTokenId"),
        ("stepfunctions", "list_state_machines", "UnrecognizedClientException"),
    ],
)
def test_each_service_refuses_an_unknown_key_in_its_own_words(
    server: str, service: Any, operation: str, code: str
) -> None:
    client = client_of(server, service, _UNKNOWN)
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)()
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["Error"]["Message"]


def test_a_server_answers_a_session_until_it_ends(server: str) -> None:
    iam = client_of(server, "iam", Keys(ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET))
    arn = iam.create_role(RoleName="short-lived", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    who = client_of(server, "sts", session(arn, "now")).get_caller_identity()
    assert who["Arn"] == "arn:aws:sts::123456789012:assumed-role/short-lived/now"
    with pytest.raises(ClientError, match="ExpiredToken"):
        client_of(server, "sts", session(arn, "then", seconds=0)).get_caller_identity()


def _guessed(keys: Keys) -> Keys:
    return Keys(keys.access_key_id, "guessed", keys.session_token)


def client_of(server: str, service: Any, keys: Keys) -> Any:
    return boto3.client(
        service,
        REGION,
        endpoint_url=server,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("cloudformation", "list_stacks", "SignatureDoesNotMatch"),
        ("dynamodb", "list_tables", "InvalidSignatureException"),
        ("ec2", "describe_vpcs", "SignatureDoesNotMatch"),
        ("lambda", "list_functions", "InvalidSignatureException"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
        ("sns", "list_topics", "SignatureDoesNotMatch"),
    ],
)
def test_each_service_refuses_a_known_key_with_another_secret(
    server: str, service: Any, operation: str, code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(client_of(server, service, Keys(ADMINISTRATOR_KEY, "guessed")), operation)()
    assert refused.value.response["Error"]["Code"] == code
    getattr(client_of(server, service, Keys(ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET)), operation)()


def test_a_session_signs_with_its_own_secret(server: str) -> None:
    iam = client_of(server, "iam", Keys(ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET))
    arn = iam.create_role(RoleName="signs", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    keys = session(arn, "a")
    client_of(server, "sts", keys).get_caller_identity()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client_of(server, "sts", _guessed(keys)).get_caller_identity()


def test_a_user_and_a_service_sign_with_their_own_secrets(server: str) -> None:
    iam = client_of(server, "iam", Keys(ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET))
    iam.create_user(UserName="signs")
    made = iam.create_access_key(UserName="signs")["AccessKey"]
    for keys in (Keys(made["AccessKeyId"], made["SecretAccessKey"]), service_keys("sns.amazonaws.com")):
        client_of(server, "sts", keys).get_caller_identity()
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            client_of(server, "sts", _guessed(keys)).get_caller_identity()


def test_moto_s_own_s3_is_closed_to_roles(server: str) -> None:
    iam = client_of(server, "iam", Keys(ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET))
    arn = iam.create_role(RoleName="curious", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    with pytest.raises(ClientError, match=r"AccessDenied.*assumed-role/curious/a.*AWS_ENDPOINT_URL_S3"):
        client_of(server, "s3", session(arn, "a")).list_buckets()
