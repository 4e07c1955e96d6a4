"""A network without a route to the internet: EMR and Redshift reach only S3, through a gateway endpoint."""

from aws_cdk import Aws, Stack, Tags
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.settings.settings import Settings
from stacks.storage import StorageStack

EMR_MANAGED_TAG = "for-use-with-amazon-emr-managed-policies"
"""AmazonEMRServicePolicy_v2 lets EMR change only resources that have this tag with the value `true`."""

_ON_OBJECTS = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
]
_ON_HISTORY = ["s3:Put*", "s3:Get*", "s3:Create*", "s3:Abort*", "s3:List*"]  # as EMR's guide gives them


class NetworkStack(Stack):
    """Two isolated subnets and the security groups of EMR and Redshift.

    There is no NAT gateway. An EMR cluster in a private subnet needs a route to S3 for its packages and our data. EMR
    controls the nodes through network interfaces in the service access group. The Redshift Data API needs no route at
    all. Lambda functions stay outside of the VPC.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, storage: StorageStack
    ) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=settings.name,
            availability_zones=settings.zones or None,
            max_azs=None if settings.zones else 2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
            ],
            flow_logs={
                "FlowLogs": ec2.FlowLogOptions(destination=ec2.FlowLogDestination.to_s3(storage.logs))
            },
            # CloudFormation cannot change that group: it takes a custom resource with a function. The group admits only its
            # own members, and nothing here is a member.
            restrict_default_security_group=False,
        )
        self._open_endpoint(storage)
        for subnet in self.vpc.isolated_subnets:
            Tags.of(subnet).add(EMR_MANAGED_TAG, "true")
        self.emr_primary = self._emr_group("EmrPrimary", "EMR primary node")
        self.emr_core = self._emr_group("EmrCore", "EMR core nodes")
        self.emr_service = self._emr_group("EmrService", "EMR control plane into the subnet")
        self._declare_emr_rules()
        # Nobody connects over the network: SQL goes through the Data API. Only COPY goes out, to S3.
        self.redshift = ec2.SecurityGroup(
            self,
            "Redshift",
            vpc=self.vpc,
            description="Redshift: no inbound, COPY to S3",
            allow_all_outbound=False,
        )
        self.redshift.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "COPY from S3; no other route exists"
        )

    def _open_endpoint(self, storage: StorageStack) -> None:
        """The only way out: to the buckets of this deployment, the CDK's, and those that EMR needs.

        EMR Management Guide, "Sample policies for private subnets that access Amazon S3", has the names of EMR's buckets.
        """
        endpoint = self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        zones = [
            bucket.bucket_name
            for bucket in (storage.working, storage.processed, storage.quarantine, storage.logs)
        ]
        code = f"cdk-{self.synthesizer.bootstrap_qualifier}-assets-{self.account}-{self.region}"
        repositories = [f"al2023-repos-{self.region}-de612dc2", f"repo.{self.region}.emr.amazonaws.com"]
        logs = ["aws157-logs-prod", f"aws157-logs-prod-{self.region}"]  # the first is the name in us-east-1
        history = [f"prod.{self.region}.appinfo.src"]
        own = {"StringEquals": {"aws:PrincipalAccount": self.account}}
        for_us = {"StringEquals": {"aws:SourceAccount": self.account}}  # Redshift's audit logs
        for actions, names, conditions in (
            (_ON_OBJECTS, [f"{name}/*" for name in zones], own),
            (["s3:ListBucket", "s3:ListBucketMultipartUploads"], zones, own),
            (["s3:PutObject"], [f"{storage.logs.bucket_name}/*"], for_us),
            (["s3:GetBucketAcl"], [storage.logs.bucket_name], for_us),
            (["s3:GetObject"], [f"{code}/*"], own),
            (["s3:GetObject"], [f"{name}/*" for name in repositories], None),  # these requests are not signed
            (["s3:PutObject"], [f"{name}/*" for name in logs], None),
            (_ON_HISTORY, [f"{name}/*" for name in history], None),
        ):
            endpoint.add_to_policy(
                iam.PolicyStatement(
                    principals=[iam.AnyPrincipal()],
                    actions=actions,
                    resources=[f"arn:{Aws.PARTITION}:s3:::{name}" for name in names],
                    conditions=conditions,
                )
            )

    def _emr_group(self, construct_id: str, description: str) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(self, construct_id, vpc=self.vpc, description=description)
        Tags.of(group).add(EMR_MANAGED_TAG, "true")
        return group

    def _declare_emr_rules(self) -> None:
        """The inbound rules that EMR would otherwise add itself; CloudFormation could then not delete the groups.

        https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html
        """
        nodes = (self.emr_primary, self.emr_core)
        for group in nodes:
            for peer in nodes:
                for port in (ec2.Port.all_icmp(), ec2.Port.all_tcp(), ec2.Port.all_udp()):
                    group.add_ingress_rule(peer, port, "between the nodes")
            group.add_ingress_rule(self.emr_service, ec2.Port.tcp(8443), "EMR control plane")
        self.emr_service.add_ingress_rule(
            self.emr_primary, ec2.Port.tcp(9443), "cluster to EMR control plane"
        )
