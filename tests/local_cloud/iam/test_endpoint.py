"""The endpoint refuses a role what the deployed policies do not allow, in the words of each service."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from contract.keys import bucket_name, copied_key, listed_key, unreadable_prefix
from contract.plan import Plan, PlannedFile
from local_cloud import deploy
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.endpoint import serving
from local_cloud.events import Schedule
from local_cloud.iam.deployed import Deployed, deployed
from local_cloud.iam.record import Recorded, recorded
from local_cloud.identity import session
from local_cloud.state import StateFolder
from tests.assemblies import assembly
from tests.e2e.permissions import CALLS
from tests.local_cloud.conftest import environment_restored

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("state")]

_LANDING, _WORKING = (bucket_name("goodreads", zone, ACCOUNT, REGION) for zone in ("landing", "working"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateFolder]:
    """The folder of an endpoint to which the pipeline is deployed."""
    folder = StateFolder(tmp_path_factory.mktemp("state"))
    with environment_restored(), serving(folder, "test"):
        deploy.apply(assembly(tmp_path_factory, {}), ACCOUNT, REGION)
        yield folder


def _role(name: str) -> str:
    return next(arn for arn, label in deployed().labels.items() if label.startswith(name))


@pytest.fixture
def plan_copies() -> Callable[[str], Any]:
    """Makes clients that call as the function which plans the copies."""
    keys = session(_role("FunctionsPlanCopies"), "plan")
    made = boto3.Session(keys.access_key_id, keys.secret_access_key, keys.session_token, region_name=REGION)
    client: Any = made.client
    return lambda service: client(service, config=Config(retries={"total_max_attempts": 1}))


def _refusal(call: Callable[..., Any], **request: Any) -> Any:
    with pytest.raises(ClientError) as refused:
        call(**request)
    return refused.value.response


def _refused(call: Callable[..., Any], **request: Any) -> tuple[str, int, str]:
    error = _refusal(call, **request)
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"], str(error["Error"]["Message"])


def test_a_role_does_in_s3_what_its_policy_allows_and_nothing_else(plan_copies: Callable[[str], Any]) -> None:
    s3 = plan_copies("s3")
    s3.list_objects_v2(Bucket=_LANDING)
    s3.put_object(Bucket=_WORKING, Key="run=1/plan.json", Body=b"{}")
    code, status, message = _refused(s3.put_object, Bucket=_LANDING, Key="x", Body=b"")
    assert (code, status) == ("AccessDenied", 403)
    assert message.endswith(
        f'is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::{_LANDING}/x" '
        "because no identity-based policy allows the s3:PutObject action"
    )


def test_a_copy_needs_its_source_too(plan_copies: Callable[[str], Any]) -> None:
    source = {"Bucket": _WORKING, "Key": "run=1/secret"}
    _, _, message = _refused(plan_copies("s3").copy_object, Bucket=_WORKING, Key="run=1/x", CopySource=source)
    assert f's3:GetObject on resource: "arn:aws:s3:::{_WORKING}/run=1/secret"' in message


@pytest.mark.parametrize("operation", ["put_object", "delete_object"])
def test_a_write_or_a_delete_that_names_an_etag_needs_the_right_to_read(
    plan_copies: Callable[[str], Any], operation: str
) -> None:
    actions = ["s3:PutObject", "s3:DeleteObject"]
    policy = {"Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}}
    boto3.client("s3").put_object(Bucket=_WORKING, Key="x", Body=b"rows")
    with _policy(_role("FunctionsPlanCopies"), policy):
        call = getattr(plan_copies("s3"), operation)
        _, _, message = _refused(call, Bucket=_WORKING, Key="x", IfMatch='"any"')
        assert "s3:GetObject" in message
        call(Bucket=_WORKING, Key="x")


def test_of_many_deletions_each_is_judged(plan_copies: Callable[[str], Any]) -> None:
    for key in ("x", "y"):
        boto3.client("s3").put_object(Bucket=_WORKING, Key=key, Body=b"rows")
    policy = {
        "Statement": {
            "Effect": "Allow",
            "Action": "s3:DeleteObject",
            "Resource": f"arn:aws:s3:::{_WORKING}/x",
        }
    }
    with _policy(_role("FunctionsPlanCopies"), policy):
        asked = {"Objects": [{"Key": "x"}, {"Key": "y"}, {"Key": "x", "ETag": "any"}]}
        answer = plan_copies("s3").delete_objects(Bucket=_WORKING, Delete=asked)
    assert [entry["Key"] for entry in answer["Deleted"]] == ["x"]
    assert [(entry["Key"], entry["Code"]) for entry in answer["Errors"]] == [
        ("y", "AccessDenied"),
        ("x", "AccessDenied"),  # who names an ETag needs the right to read
    ]
    boto3.client("s3").delete_object(Bucket=_WORKING, Key="y")


def test_only_who_may_list_learns_that_an_object_does_not_exist(plan_copies: Callable[[str], Any]) -> None:
    s3 = plan_copies("s3")
    assert _refused(s3.head_object, Bucket=_LANDING, Key="none")[1] == 404
    policy = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    with _policy(_role("FunctionsPlanCopies"), policy):
        assert _refused(s3.get_object, Bucket=_WORKING, Key="none")[0] == "AccessDenied"


class _policy:  # noqa: N801 - used like a function
    """Within the block the role has one more policy."""

    def __init__(self, role: str, policy: dict[str, Any]) -> None:
        self._names = {"RoleName": role.rpartition("/")[2], "PolicyName": "more"}
        self._document = json.dumps({"Version": "2012-10-17", **policy})

    def __enter__(self) -> None:
        boto3.client("iam").put_role_policy(**self._names, PolicyDocument=self._document)

    def __exit__(self, *_: object) -> None:
        boto3.client("iam").delete_role_policy(**self._names)


@pytest.mark.parametrize(
    ("service", "method", "request_", "code", "status"),
    [
        ("dynamodb", "get_item", {"TableName": "goodreads-lease", "Key": {}}, "AccessDeniedException", 400),
        ("sns", "publish", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t", "Message": "m"}, "AuthorizationError", 403),
        ("lambda", "invoke", {"FunctionName": "goodreads-plan-copies"}, "AccessDeniedException", 403),
        ("stepfunctions", "start_execution", {"stateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:goodreads"}, "AccessDeniedException", 400),
        ("redshift-data", "execute_statement", {"ClusterIdentifier": "goodreads", "Database": "d", "Sql": "select 1"}, "AccessDeniedException", 400),
        ("sts", "assume_role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/none", "RoleSessionName": "me"}, "AccessDenied", 403),
        ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": []}, "AccessDeniedException", 400),
    ],
)  # fmt: skip
def test_each_service_refuses_in_its_own_words(
    plan_copies: Callable[[str], Any],
    service: str,
    method: str,
    request_: dict[str, Any],
    code: str,
    status: int,
) -> None:
    error = _refusal(getattr(plan_copies(service), method), **request_)
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert "assumed-role/goodreads-pipeline-FunctionsPlanCopies" in error["Error"]["Message"]
    assert error["ResponseMetadata"]["RequestId"]  # Step Functions tells it in the cause of a task


def test_an_operation_that_nobody_described_is_refused(plan_copies: Callable[[str], Any]) -> None:
    _, _, message = _refused(plan_copies("dynamodb").scan, TableName="goodreads-lease")
    assert "nobody has said what dynamodb:Scan needs: add it to calls.toml" in message


def test_a_change_of_a_policy_holds_at_once(plan_copies: Callable[[str], Any]) -> None:
    lease = {"TableName": "goodreads-lease", "Key": {"lease": {"S": "x"}}}
    policy = {"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}}
    with _policy(_role("FunctionsPlanCopies"), policy):
        plan_copies("dynamodb").get_item(**lease)
    _refused(plan_copies("dynamodb").get_item, **lease)


def test_the_policy_of_a_bucket_is_deployed_and_denies() -> None:
    document = deployed().resources[f"arn:aws:s3:::{_LANDING}"]["bucket policy"]
    assert {statement["Effect"] for statement in document["Statement"]} == {"Deny"}


def test_cloudformation_gives_the_cluster_its_roles_and_tags() -> None:
    found = deployed()
    assert found.attached == {_role("CopyRole"): "goodreads"}
    assert found.in_vpc == {_role("CopyRole"), _role("AccessNodeRole")}
    assert found.by_spectrum == {_role("CopyRole")}
    kinds = [arn.split(":")[5].split("/")[0] for arn in found.tags]
    assert sorted(kinds) == ["cluster", "security-group", "security-group", "security-group", "subnet"]
    assert {tags["for-use-with-amazon-emr-managed-policies"] for tags in found.tags.values()} == {"true"}


def test_what_was_judged_is_kept_once_and_read_again(
    state: StateFolder, plan_copies: Callable[[str], Any]
) -> None:
    for run in ("run=1", "run=2"):
        plan_copies("s3").put_object(Bucket=_WORKING, Key=f"{run}/plan.json", Body=b"{}")
    kept = [
        call for call in recorded(state.permissions / "calls.jsonl") if call.resource.endswith("/plan.json")
    ]
    assert kept == [
        Recorded(
            "FunctionsPlanCopiesServiceRole",
            "s3:PutObject",
            f"arn:aws:s3:::{_WORKING}/run=*/plan.json",
            allowed=True,
        )
    ]
    snapshot = json.loads((state.permissions / "deployed.json").read_text())
    assert Deployed.from_json(snapshot) == deployed()


def test_administrators_pass_and_are_recorded_as_such(state: StateFolder) -> None:
    boto3.client("dynamodb").scan(TableName="goodreads-lease")
    assert Recorded("administrator", "dynamodb:Scan", "*", allowed=True) in set(
        recorded(state.permissions / "calls.jsonl")
    )


def _looked_up(submitter: str, sql: str) -> str:
    """The id of a statement that this role has submitted, whatever its policies say."""
    (cluster,) = boto3.client("redshift").describe_clusters()["Clusters"]
    where = {
        "ClusterIdentifier": "goodreads",
        "Database": cluster["DBName"],
        "DbUser": cluster["MasterUsername"],
    }
    policy = {"Statement": {"Effect": "Allow", "Action": ["redshift-data:*", "redshift:*"], "Resource": "*"}}
    with _policy(_role(submitter), policy):
        client = session(_role(submitter), "submits").client("redshift-data")
        return str(client.execute_statement(**where, Sql=sql, WaitTimeSeconds=30)["Id"])


def _invoked(function: str, **event: Any) -> dict[str, Any]:
    """What a deployed function answers; an error has `errorMessage`."""
    answer = boto3.client("lambda").invoke(FunctionName=f"goodreads-{function}", Payload=json.dumps(event))
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    return found


def _landed(key: str, run_id: str) -> PlannedFile:
    """A file that has landed, as a plan has it."""
    etag = boto3.client("s3").put_object(Bucket=_LANDING, Key=key, Body=b"id\n1\n")["ETag"].strip('"')
    target = f"run={run_id}/authors/h/00000-{key}"
    return PlannedFile(key=key, etag=etag, size=5, target=target, dataset="authors")


def test_drop_published_does_not_find_what_the_state_machine_s_own_role_has_submitted() -> None:
    """The fault that every run on AWS would have met: the state machine's own role submits, a function reads."""
    statement = _looked_up("StateMachineRole", "select 1 as one")
    told = _invoked("drop-published", run_id="foreign", plan={}, statement=statement)
    assert told["errorMessage"].endswith("GetStatementResult operation: Query does not exist.")


def test_drop_published_deletes_a_landed_file_that_the_ledger_lists() -> None:
    file = _landed("published.csv", "published")
    plan = Plan(run_id="published", files=(file,))
    boto3.client("s3").put_object(Bucket=_WORKING, Key=listed_key("published"), Body=plan.to_json().encode())
    statement = _looked_up(
        "StatementsRole",
        f"select cast('{file.key}' as varchar(64)) as file_key, cast('{file.etag}' as varchar(64)) as etag, "
        "cast('before' as varchar(8)) as run_id, cast('authors' as varchar(8)) as dataset, cast(0 as bigint) as missing_rows",
    )
    told = _invoked("drop-published", run_id="published", plan={"notes": []}, statement=statement)
    assert told["published_before"] == 1
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=_LANDING, Prefix=file.key)


def test_files_that_spark_could_not_read_are_copied_to_quarantine() -> None:
    file = _landed("whole.csv", "rare")
    s3, quarantine = boto3.client("s3"), bucket_name("goodreads", "quarantine", ACCOUNT, REGION)
    s3.put_object(Bucket=_WORKING, Key=file.target, Body=b"id\n1\n")
    plan = Plan(run_id="rare", files=(file,))
    s3.put_object(Bucket=_WORKING, Key=copied_key("rare"), Body=plan.to_json().encode())
    told = [
        {
            "run_id": "rare",
            "dataset": "authors",
            "key": file.key,
            "target": file.target,
            "problem": "a quote is never closed",
        }
        for file in plan.files
    ]
    lines = "".join(json.dumps(each) + "\n" for each in told)
    s3.put_object(Bucket=quarantine, Key=f"{unreadable_prefix('rare')}part-0.json", Body=lines.encode())
    answer = _invoked("quarantine-unreadable", run_id="rare", plan={"notes": []})
    assert answer.get("quarantined_files") == len(told), answer


def test_the_etag_of_what_a_key_encrypts_is_no_md5() -> None:
    """So a copy to quarantine has another ETag than the file, and the function asks S3 for its size."""
    s3, quarantine = boto3.client("s3"), bucket_name("goodreads", "quarantine", ACCOUNT, REGION)
    etags = [
        s3.put_object(Bucket=bucket, Key="run=1/x", Body=b"rows")["ETag"]
        for bucket in (_WORKING, quarantine, quarantine)
    ]
    assert len(set(etags)) == 3
    assert s3.head_object(Bucket=quarantine, Key="run=1/x")["ETag"] == etags[-1]
    source: Any = {"Bucket": _WORKING, "Key": "run=1/x"}
    copied = s3.copy_object(Bucket=quarantine, Key="run=1/y", CopySource=source)["CopyObjectResult"]
    assert copied["ETag"] not in etags


def test_the_schedule_starts_the_state_machine_as_the_role_of_its_rule() -> None:
    schedule = Schedule()
    schedule.tick(0.0)
    schedule.tick(86_400.0)
    states = boto3.client("stepfunctions")
    (machine,) = states.list_state_machines()["stateMachines"]
    (started,) = states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    assert started["name"].startswith("scheduled-")
    states.stop_execution(executionArn=started["executionArn"])


def test_these_rare_calls_are_kept_for_the_page_of_permissions(state: StateFolder) -> None:
    assert set(recorded(CALLS / "rare.jsonl")) - set(recorded(state.permissions / "calls.jsonl")) == set()
