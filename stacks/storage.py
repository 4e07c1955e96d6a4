"""The zones a file passes through, and the lease that admits one run at a time."""

from collections.abc import Sequence

from aws_cdk import Aws, CfnCondition, CfnOutput, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from contract.keys import ALL_RUNS, bucket_name, lease_table_name
from stacks.grants import grant_read, grant_write
from stacks.nag import accept, accept_checkov
from stacks.settings.settings import Settings

_AUDIT_LOGS = "redshift/"
"""The warehouse stack has Redshift write its audit logs below this prefix of the logs bucket."""


class StorageStack(Stack):
    """Six buckets and one table.

    Tear-down keeps what cannot be made again: landing (files no run has published yet), working (the archive of the files that
    were published), quarantine (rows waiting to be replayed), the reports and the logs. Processed follows from working, so `cdk destroy`
    deletes it; empty it first, CloudFormation refuses to delete a bucket with objects in it. To deploy under the same name
    afterwards, delete the five kept buckets or take them back in (docs/runbook.md, "Tearing down"). A first deployment that fails
    leaves no bucket behind, which the next one would find in its way.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.logs = self._logs_bucket()
        self._quarantine_key = kms.Key(
            self,
            "QuarantineKey",
            description=f"rejected rows of {settings.name}",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,  # the bucket is kept, and cannot be read without its key
        )
        # A producer may overwrite `author.csv` before a run has copied it: the older version stays within reach.
        self.landing = self._zone(
            "landing",
            versioned=True,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            lifecycle=s3.LifecycleRule(
                noncurrent_version_expiration=Duration.days(settings.landing_retention_days),
                expired_object_delete_marker=True,
            ),
        )
        self.working = self._zone(
            "working",
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            lifecycle=_expire_runs(
                settings.archive_retention_days, colder=colder_within(settings.archive_retention_days)
            ),
        )
        self.processed = self._zone("processed", lifecycle=_expire_runs(settings.processed_retention_days))
        self.quarantine = self._zone(
            "quarantine",
            versioned=True,
            key=self._quarantine_key,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            lifecycle=_expire_runs(
                settings.quarantine_retention_days, older_versions=settings.landing_retention_days
            ),
        )
        self.reports = self._zone(
            "reports",
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            lifecycle=_expire_runs(settings.reports_retention_days),
        )
        self.lease_table = dynamodb.Table(
            self,
            "LeaseTable",
            table_name=lease_table_name(settings.name),
            partition_key=dynamodb.Attribute(name="lease", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        if settings.capture_principal_arn:
            self._capture_role(settings.capture_principal_arn)
        accept_checkov(
            self.lease_table,
            "CKV_AWS_119",
            reason="One item, which names the run that is at work. DynamoDB encrypts the item with a key of its own.",
        )
        accept_checkov(
            self.working,
            "CKV_AWS_21",
            reason="No key is written twice with other content: the name of the run is part of every key.",
        )
        accept_checkov(
            self.processed,
            "CKV_AWS_21",
            reason="Can be made again from the working zone, and is kept for a few days only.",
        )
        accept_checkov(
            self.reports,
            "CKV_AWS_21",
            reason="The name of the run is part of every key but those of the list of runs, which each run writes anew.",
        )
        CfnOutput(
            self, "LeaseTableName", value=self.lease_table.table_name, description="who holds the lease"
        )

    def _zone(
        self,
        zone: str,
        *,
        lifecycle: s3.LifecycleRule,
        versioned: bool = False,
        key: kms.Key | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            zone.title(),
            bucket_name=self._bucket_name(zone),
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=bool(key) or None,  # one call of KMS for many objects
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=versioned,
            server_access_logs_bucket=self.logs,
            server_access_logs_prefix=f"s3/{zone}/",
            lifecycle_rules=[lifecycle, _DROP_UNFINISHED_UPLOADS],
            removal_policy=removal_policy,
        )
        CfnOutput(self, f"{zone.title()}BucketName", value=bucket.bucket_name, description=f"the {zone} zone")
        return bucket

    def _capture_role(self, principal_arn: str) -> None:
        """The role of a machine outside that lands files: it looks for the bucket, puts a file, and compares what arrived."""
        role = iam.Role(
            self,
            "CaptureRole",
            description="lands files",
            assumed_by=iam.ArnPrincipal(principal_arn),
        )
        grant_read(role, self.landing, "*")
        grant_write(role, self.landing, "*")
        CfnOutput(self, "CaptureRoleArn", value=role.role_arn, description="the role that lands files")

    def _logs_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Logs",
            bucket_name=self._bucket_name("logs"),
            encryption=s3.BucketEncryption.S3_MANAGED,  # the only kind that log delivery and audit logging take
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                *(
                    s3.LifecycleRule(
                        prefix=prefix, expiration=Duration.days(self._settings.log_retention_days)
                    )
                    for prefix in ("s3/", "emr/", "AWSLogs/")
                ),
                s3.LifecycleRule(
                    prefix=_AUDIT_LOGS, expiration=Duration.days(self._settings.audit_retention_days)
                ),
                _DROP_UNFINISHED_UPLOADS,
            ],
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        self._admit_redshift_audit_logs(bucket)
        accept(
            bucket,
            "AwsSolutions-S1",
            reason="This is where access logs go; logging its own access would never end.",
        )
        accept_checkov(
            bucket,
            "CKV_AWS_18",
            reason="This is where access logs go; logging its own access would never end.",
        )
        accept_checkov(
            bucket,
            "CKV_AWS_21",
            reason="Services of AWS write here, each log once under a name of its own, and nobody replaces one.",
        )
        CfnOutput(
            self, "LogsBucketName", value=bucket.bucket_name, description="access, EMR, audit and flow logs"
        )
        return bucket

    def _admit_redshift_audit_logs(self, bucket: s3.Bucket) -> None:
        # https://docs.aws.amazon.com/redshift/latest/mgmt/db-auditing.html#db-auditing-bucket-permissions
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(self._redshift_principal())],
                actions=["s3:PutObject", "s3:GetBucketAcl"],
                resources=[bucket.bucket_arn, bucket.arn_for_objects(f"{_AUDIT_LOGS}*")],
                conditions={
                    "ArnLike": {
                        "aws:SourceArn": self.format_arn(
                            service="redshift", resource=f"cluster:{self._settings.name}"
                        )
                    },
                    "StringEquals": {"aws:SourceAccount": self.account},
                },
            )
        )

    def _redshift_principal(self) -> str:
        """In regions that an account has to opt in to, Redshift writes audit logs as a principal of the region."""
        opt_in = [name for name in RegionInfo.regions if name.is_opt_in_region]
        condition = CfnCondition(
            self,
            "RegionIsOptIn",
            expression=Fn.condition_or(*(Fn.condition_equals(Aws.REGION, name.name) for name in opt_in)),
        )
        return Fn.condition_if(
            condition.logical_id, f"redshift.{Aws.REGION}.amazonaws.com", "redshift.amazonaws.com"
        ).to_string()

    def _bucket_name(self, zone: str) -> str:
        return bucket_name(self._settings.name, zone, Aws.ACCOUNT_ID, Aws.REGION)


def _expire_runs(
    days: int, *, colder: Sequence[s3.Transition] = (), older_versions: int | None = None
) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        prefix=ALL_RUNS,
        expiration=Duration.days(days),
        transitions=list(colder) or None,
        noncurrent_version_expiration=Duration.days(older_versions) if older_versions else None,
    )


_COLDER = (
    (30, s3.StorageClass.INFREQUENT_ACCESS, 30),
    (90, s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, 90),
)
"""When the archive moves to which class, and the days for which S3 bills that class at least. Both can be read at once: a
class that has to be restored first would make a rebuild wait for hours."""


def colder_within(days: int) -> list[s3.Transition]:
    """The moves that pay for themselves if the objects are kept for `days`."""
    return [
        s3.Transition(storage_class=storage_class, transition_after=Duration.days(after))
        for after, storage_class, billed in _COLDER
        if after + billed <= days
    ]


_DROP_UNFINISHED_UPLOADS = s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))
