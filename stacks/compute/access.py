"""The roles of EMR and its nodes, and the protection of the nodes' disks and metadata."""

from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_emr as emr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.nag import accept
from stacks.settings.settings import Settings


class EmrAccess(Construct):
    """EMR itself acts as `service_role`, the job on the nodes as `node_role`."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.node_role = iam.Role(self, "NodeRole", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        self.instance_profile = iam.CfnInstanceProfile(
            self, "InstanceProfile", roles=[self.node_role.role_name]
        )
        key = kms.Key(
            self,
            "DiskKey",
            description=f"disks of the EMR nodes of {settings.name}",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self._grant_key(key, self.node_role)
        self.service_role = self._service_role(key)
        self.security_configuration = emr.CfnSecurityConfiguration(
            self, "SecurityConfiguration", security_configuration=_protection(key)
        )

    def _grant_key(self, key: kms.Key, role: iam.Role) -> None:
        """What a user of the key may do. EMR asks for these rights of its service role and of the nodes' role.

        EMR's Management Guide, Creating keys and certificates for data encryption.
        """
        key.grant_encrypt_decrypt(role)
        key.grant(role, "kms:DescribeKey")
        accept(
            role,
            "AwsSolutions-IAM5[Action::kms:GenerateDataKey*]",
            "AwsSolutions-IAM5[Action::kms:ReEncrypt*]",
            reason="What EBS needs to encrypt the nodes' disks, on the one key made for them.",
        )

    def _service_role(self, key: kms.Key) -> iam.Role:
        role = iam.Role(
            self,
            "ServiceRole",
            assumed_by=iam.ServicePrincipal("elasticmapreduce.amazonaws.com").with_conditions(
                {
                    "StringEquals": {"aws:SourceAccount": Stack.of(self).account},
                    "ArnLike": {
                        "aws:SourceArn": Stack.of(self).format_arn(service="elasticmapreduce", resource="*")
                    },
                }
            ),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AmazonEMRServicePolicy_v2")
            ],
        )
        # the managed policy can pass only the default node role
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self.node_role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
            )
        )
        self._grant_key(key, role)
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:CreateGrant"],
                resources=[key.key_arn],
                conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            )
        )
        accept(
            role,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2]",
            reason="The policy AWS maintains for EMR; it reaches only what carries the EMR tag.",
        )
        return role


def _protection(key: kms.Key) -> dict[str, Any]:
    """EMR's security configuration. EBS encrypts the disks, so the nodes themselves need no route to KMS.

    It says nothing of S3: each bucket encrypts with its own key, and an encryption that a request names would win over the bucket's.
    """
    return {
        "EncryptionConfiguration": {
            "EnableInTransitEncryption": False,
            "EnableAtRestEncryption": True,
            "AtRestEncryptionConfiguration": {
                "LocalDiskEncryptionConfiguration": {
                    "EncryptionKeyProviderType": "AwsKms",
                    "AwsKmsKey": key.key_arn,
                    "EnableEbsEncryption": True,
                },
            },
        },
        "InstanceMetadataServiceConfiguration": {
            "MinimumInstanceMetadataServiceVersion": 2,
            "HttpPutResponseHopLimit": 1,
        },
    }
