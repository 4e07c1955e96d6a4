"""The EMR cluster that runs the Spark job, and the job's code."""

from aws_cdk import CfnOutput, CfnTag, Stack
from aws_cdk import aws_emr as emr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.compute.access import EmrAccess
from stacks.compute.job import JobCode, JobLibraries
from stacks.compute.spark_defaults import configurations
from stacks.grants import OF_RUNS, grant_delete, grant_read, grant_uploads, grant_write
from stacks.nag import accept
from stacks.network import EMR_MANAGED_TAG, NetworkStack
from stacks.settings.settings import Settings
from stacks.storage import StorageStack

EMR_LOGS = "emr/"
"""EMR writes the logs of steps and daemons below this prefix of the logs bucket."""


class ComputeStack(Stack):
    """One long-running cluster: a step needs seconds to start, a cluster minutes.

    Submit steps in client mode: the driver then runs on the primary node, and the executors have the core nodes.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        network: NetworkStack,
        storage: StorageStack,
    ) -> None:
        super().__init__(scope, construct_id)
        code = JobCode(self, "JobCode")
        self.transform_script = code.transform_script
        self.python_code = code.python_code
        access = EmrAccess(self, "Access", settings=settings)
        self._grant_data(access.node_role, storage)
        code.grant_read(access.node_role)
        libraries = JobLibraries(self, "JobLibraries")
        libraries.grant_read(access.node_role)
        self.cluster = self._cluster(settings, network, storage, access, libraries)
        self.cluster.node.add_dependency(access)  # without its permissions the cluster does not start
        self._parameter_name = f"/{settings.name}/emr-cluster-id"
        ssm.StringParameter(
            self,
            "ClusterIdParameter",
            parameter_name=self._parameter_name,
            string_value=self.cluster.ref,
        )
        accept(
            self.cluster,
            "AwsSolutions-EMR4",
            reason="The disks are encrypted; the rule looks for it outside of EncryptionConfiguration, where EMR does "
            "not read it.",
        )
        accept(
            self.cluster,
            "AwsSolutions-EMR5",
            reason="Spark itself encrypts what its processes exchange. EMR's TLS would encrypt the rest, which holds no "
            "data of the job, and needs a private key in a bucket. The nodes talk inside one isolated subnet whose groups "
            "admit only themselves, and to S3 over TLS.",
        )
        accept(
            self.cluster, "AwsSolutions-EMR6", reason="Nobody signs in to a node: no key pair, no open port."
        )
        CfnOutput(self, "ClusterId", value=self.cluster.ref, description="the EMR cluster")

    def cluster_id_for(self, stack: Stack) -> str:
        """The cluster's id for another stack; that stack is deployed after this one and looks the id up each time.

        An export cannot change while another stack imports it, but new libraries, settings or instances mean a new
        cluster.
        """
        stack.add_dependency(self)
        return ssm.StringParameter.value_for_string_parameter(stack, self._parameter_name)

    def _grant_data(self, role: iam.Role, storage: StorageStack) -> None:
        for zone in (storage.working, storage.processed, storage.quarantine):
            grant_read(role, zone, OF_RUNS)
        for zone in (storage.processed, storage.quarantine):
            grant_write(role, zone, OF_RUNS)
            grant_uploads(role, zone, OF_RUNS)
            grant_delete(
                role, zone, OF_RUNS
            )  # the job replaces files that an earlier attempt of the run left
        grant_write(role, storage.logs, f"{EMR_LOGS}*")

    def _cluster(
        self,
        settings: Settings,
        network: NetworkStack,
        storage: StorageStack,
        access: EmrAccess,
        libraries: JobLibraries,
    ) -> emr.CfnCluster:
        return emr.CfnCluster(
            self,
            "Cluster",
            # another name makes CloudFormation replace the cluster
            name=f"{settings.name}-{settings.emr_generation}",
            release_label=settings.emr_release,
            applications=[emr.CfnCluster.ApplicationProperty(name=name) for name in ("Hadoop", "Spark")],
            instances=emr.CfnCluster.JobFlowInstancesConfigProperty(
                master_instance_group=_group(settings, "primary", 1),
                core_instance_group=_group(settings, "core", settings.emr_core_count),
                ec2_subnet_id=network.vpc.isolated_subnets[0].subnet_id,
                emr_managed_master_security_group=network.emr_primary.security_group_id,
                emr_managed_slave_security_group=network.emr_core.security_group_id,
                service_access_security_group=network.emr_service.security_group_id,
                keep_job_flow_alive_when_no_steps=True,
                termination_protected=False,
                unhealthy_node_replacement=True,
            ),
            bootstrap_actions=[libraries.bootstrap_action],
            configurations=configurations(
                python=libraries.python, region=self.region, core_nodes=settings.emr_core_count
            ),
            job_flow_role=access.instance_profile.ref,
            service_role=access.service_role.role_name,
            security_configuration=access.security_configuration.ref,
            log_uri=f"s3://{storage.logs.bucket_name}/{EMR_LOGS}",
            step_concurrency_level=1,
            visible_to_all_users=True,
            tags=[CfnTag(key=EMR_MANAGED_TAG, value="true")],
        )


def _group(settings: Settings, name: str, count: int) -> emr.CfnCluster.InstanceGroupConfigProperty:
    disk = emr.CfnCluster.EbsBlockDeviceConfigProperty(
        volume_specification=emr.CfnCluster.VolumeSpecificationProperty(
            size_in_gb=settings.emr_ebs_gib, volume_type="gp3"
        ),
        volumes_per_instance=1,
    )
    return emr.CfnCluster.InstanceGroupConfigProperty(
        name=name,
        instance_count=count,
        instance_type=settings.emr_instance_type,
        ebs_configuration=emr.CfnCluster.EbsConfigurationProperty(
            ebs_block_device_configs=[disk], ebs_optimized=True
        ),
    )
