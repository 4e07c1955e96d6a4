import re
from typing import Any

import pytest

from stacks.storage import colder_within
from tests.stacks.deployments import Deployment

ZONES = ["landing", "working", "processed", "quarantine", "reports", "logs"]


def zone_of(bucket: dict[str, Any]) -> str:
    zone: str = bucket["Properties"]["BucketName"]["Fn::Join"][1][0].split("-")[-2]
    return zone


@pytest.fixture
def buckets(deployment: Deployment) -> dict[str, dict[str, Any]]:
    return {zone_of(bucket): bucket for bucket in deployment.resources("storage", "S3::Bucket")}


def test_there_is_a_bucket_for_each_zone_named_by_account_and_region(
    buckets: dict[str, dict[str, Any]],
) -> None:
    assert sorted(buckets) == sorted(ZONES)
    assert buckets["landing"]["Properties"]["BucketName"] == {
        "Fn::Join": ["", ["goodreads-landing-", {"Ref": "AWS::AccountId"}, "-", {"Ref": "AWS::Region"}]]
    }


@pytest.mark.parametrize("zone", ZONES)
def test_every_bucket_is_encrypted_and_closed_to_the_public(
    buckets: dict[str, dict[str, Any]], zone: str
) -> None:
    properties = buckets[zone]["Properties"]
    assert properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    algorithm = encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
    assert algorithm == ("aws:kms" if zone == "quarantine" else "AES256")


def test_rejected_rows_can_be_read_with_a_key_of_their_own_that_is_kept_with_them(
    deployment: Deployment, buckets: dict[str, dict[str, Any]]
) -> None:
    (key,) = deployment.resources("storage", "KMS::Key")
    assert (key["DeletionPolicy"], key["Properties"]["EnableKeyRotation"]) == ("RetainExceptOnCreate", True)
    (encryption,) = buckets["quarantine"]["Properties"]["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert "QuarantineKey" in str(encryption["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])
    assert encryption["BucketKeyEnabled"] is True


@pytest.mark.parametrize(
    ("stack", "role", "actions"),
    [
        ("compute", "NodeRole", {"kms:Decrypt", "kms:GenerateDataKey"}),
        ("pipeline", "CopyToWorking", {"kms:Decrypt", "kms:GenerateDataKey"}),
        ("pipeline", "QuarantineUnreadable", {"kms:Decrypt", "kms:GenerateDataKey"}),
        ("pipeline", "PlanCopies", set()),
        ("warehouse", "CopyRole", set()),
    ],
)
def test_who_uses_quarantine_may_use_its_key_through_s3(
    deployment: Deployment, stack: str, role: str, actions: set[str]
) -> None:
    granted = set()
    for policy in deployment.properties(stack, "IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if role in policy["PolicyName"] and "QuarantineKey" in str(statement["Resource"]):
                assert "s3." in str(statement["Condition"]["StringEquals"]["kms:ViaService"])
                granted |= set(statement["Action"])
    assert granted == actions


def test_every_bucket_refuses_requests_without_tls(deployment: Deployment) -> None:
    policies = deployment.properties("storage", "S3::BucketPolicy")
    assert len(policies) == len(ZONES)
    for policy in policies:
        refused = [
            statement["Condition"]
            for statement in policy["PolicyDocument"]["Statement"]
            if (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
        ]
        assert {"Bool": {"aws:SecureTransport": "false"}} in refused


def test_redshift_may_deliver_audit_logs_in_regions_of_both_kinds(deployment: Deployment) -> None:
    statements = [
        statement
        for policy in deployment.properties("storage", "S3::BucketPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    (delivery,) = [s for s in statements if "redshift/*" in str(s["Resource"])]
    assert delivery["Principal"]["Service"] == {
        "Fn::If": [
            "RegionIsOptIn",
            {"Fn::Join": ["", ["redshift.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]},
            "redshift.amazonaws.com",
        ]
    }
    assert set(delivery["Condition"]) == {"ArnLike", "StringEquals"}
    assert ":cluster:goodreads" in str(delivery["Condition"]["ArnLike"]["aws:SourceArn"])
    assert delivery["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    opt_in = str(deployment.template("storage")["Conditions"]["RegionIsOptIn"])
    assert "me-central-1" in opt_in
    assert "us-east-1" not in opt_in


@pytest.mark.parametrize(("zone", "days"), [("processed", 7), ("quarantine", 90), ("reports", 400)])
def test_what_a_run_wrote_expires(buckets: dict[str, dict[str, Any]], zone: str, days: int) -> None:
    rules = buckets[zone]["Properties"]["LifecycleConfiguration"]["Rules"]
    (runs,) = [rule for rule in rules if rule.get("Prefix") == "run="]
    assert runs["ExpirationInDays"] == days


def test_the_copies_of_landed_files_are_an_archive_that_gets_colder_and_can_always_be_read_at_once(
    buckets: dict[str, dict[str, Any]],
) -> None:
    rules = buckets["working"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (runs,) = [rule for rule in rules if rule.get("Prefix") == "run="]
    assert runs["ExpirationInDays"] == 400
    assert runs["Transitions"] == [
        {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
        {"StorageClass": "GLACIER_IR", "TransitionInDays": 90},
    ]


@pytest.mark.parametrize(("days", "moves"), [(30, []), (59, []), (60, [30]), (179, [30]), (180, [30, 90])])
def test_an_archive_of_few_days_moves_to_no_class_that_is_billed_for_longer(
    days: int, moves: list[int]
) -> None:
    after = [move.transition_after for move in colder_within(days)]
    assert [each.to_days() for each in after if each] == moves


def test_no_current_landing_file_ever_expires(buckets: dict[str, dict[str, Any]]) -> None:
    rules = buckets["landing"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert not any("ExpirationInDays" in rule or "ExpirationDate" in rule for rule in rules)


@pytest.mark.parametrize("zone", ["landing", "quarantine"])
def test_an_overwritten_or_deleted_file_can_be_brought_back_for_a_while(
    buckets: dict[str, dict[str, Any]], zone: str
) -> None:
    properties = buckets[zone]["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["LifecycleConfiguration"]["Rules"][0]["NoncurrentVersionExpiration"] == {
        "NoncurrentDays": 7
    }


@pytest.mark.parametrize("zone", ZONES)
def test_unfinished_uploads_are_dropped(buckets: dict[str, dict[str, Any]], zone: str) -> None:
    rules = buckets[zone]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}, "Status": "Enabled"} in rules


def test_tear_down_keeps_what_cannot_be_made_again(buckets: dict[str, dict[str, Any]]) -> None:
    assert {zone: bucket["DeletionPolicy"] for zone, bucket in buckets.items()} == {
        "landing": "RetainExceptOnCreate",
        "quarantine": "RetainExceptOnCreate",
        "reports": "RetainExceptOnCreate",
        "logs": "RetainExceptOnCreate",
        "working": "RetainExceptOnCreate",
        "processed": "Delete",
    }


def test_every_kind_of_log_expires_and_audit_logs_last(
    deployment: Deployment, buckets: dict[str, dict[str, Any]]
) -> None:
    rules = buckets["logs"]["Properties"]["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert days == {"s3/": 30, "emr/": 30, "AWSLogs/": 30, "redshift/": 400}
    zones = [bucket["Properties"].get("LoggingConfiguration", {}) for bucket in buckets.values()]
    (emr,) = deployment.properties("compute", "EMR::Cluster")
    (redshift,) = deployment.properties("warehouse", "Redshift::Cluster")
    (flow,) = deployment.properties("network", "EC2::FlowLog")
    assert {zone["LogFilePrefix"].split("/")[0] for zone in zones if zone} == {"s3"}
    assert emr["LogUri"]["Fn::Join"][1][-1] == "/emr/"
    assert redshift["LoggingProperties"]["S3KeyPrefix"] == "redshift/"
    assert flow["LogDestination"] == {
        "Fn::ImportValue": flow["LogDestination"]["Fn::ImportValue"]  # the bucket itself: below AWSLogs/
    }


def test_a_machine_that_captures_may_take_a_role_that_reaches_landing_only(
    deployment: Deployment, changed: Deployment
) -> None:
    assert deployment.properties("storage", "IAM::Role") == []
    (role,) = changed.properties("storage", "IAM::Role")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": "arn:aws:iam::123456789012:user/capture"}
    (policy,) = changed.properties("storage", "IAM::Policy")
    granted = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        assert set(re.findall(r"'Fn::GetAtt': \['(\w+?)[0-9A-F]{8}'", str(statement["Resource"]))) == {
            "Landing"
        }
        for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
            granted[action] = "/*" in str(statement["Resource"])
    assert granted == {
        "s3:ListBucket": False,
        "s3:GetObject": True,
        "s3:PutObject": True,
        "s3:AbortMultipartUpload": True,
    }
    assert "CaptureRoleArn" in changed.template("storage")["Outputs"]


def test_the_lease_is_one_table_with_one_key(deployment: Deployment) -> None:
    (table,) = deployment.properties("storage", "DynamoDB::Table")
    assert table["TableName"] == "goodreads-lease"
    assert table["KeySchema"] == [{"AttributeName": "lease", "KeyType": "HASH"}]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_names_follow_the_settings(changed: Deployment) -> None:
    (table,) = changed.properties("storage", "DynamoDB::Table")
    assert table["TableName"] == "books-2-lease"
    (logs,) = [b for b in changed.resources("storage", "S3::Bucket") if zone_of(b) == "logs"]
    assert logs["Properties"]["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 90
