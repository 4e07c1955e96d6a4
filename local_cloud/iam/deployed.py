"""The policies of what is deployed, as moto's backends hold them after the deployment."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from moto.awslambda.utils import get_backend
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.emr.models import emr_backends
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import Role, iam_backends
from moto.kms.models import kms_backends
from moto.redshift.models import Cluster, redshift_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION

_PARTITION = "aws"
MANAGED = "AWS-managed policy "
"""How the names of AWS's own policies begin."""

_create_cluster = Cluster.create_from_cloudformation_json.__func__
_create_role = Role.create_from_cloudformation_json.__func__
_MANAGED_ARN = re.compile(r"arn:[a-z-]+:iam::aws:policy/")

Documents = Mapping[str, Mapping[str, Any]]
"""Policy documents by their names."""


@dataclass(frozen=True)
class Deployed:
    """What decides about calls: the policies of callers by their ARN, those of resources, and that of S3's VPC endpoint.

    `labels` are the names of callers and keys in the templates, by ARN. Calls of the roles `in_vpc` come through the endpoint; those `by_spectrum`
    may come another way, so that no key of a condition says that they do (Redshift Management Guide, "Redshift Spectrum and enhanced VPC routing"). `attached` has the
    Redshift cluster of each role that a cluster may take. `tags` are those of EMR's clusters, their subnets and groups. `keys` are the KMS keys of buckets and topics.
    """

    callers: Mapping[str, Documents] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Documents] = field(default_factory=dict)
    endpoint: Documents = field(default_factory=dict)
    in_vpc: frozenset[str] = frozenset()
    by_spectrum: frozenset[str] = frozenset()
    attached: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As a document; `from_json` reads it."""
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Deployed":
        """The same as it was written."""
        ways = {name: frozenset(document.get(name, ())) for name in ("in_vpc", "by_spectrum")}
        return cls(**{**document, **ways})


def deployed() -> Deployed:
    """What is deployed now."""
    iam = iam_backends[ACCOUNT][_PARTITION]
    people = [*iam.roles.values(), *iam.users.values()]
    keys = kms_backends[ACCOUNT][REGION].keys.values()
    clusters = list(emr_backends[ACCOUNT][REGION].clusters.values())
    redshift = list(redshift_backends[ACCOUNT][REGION].clusters.values())
    profiles = {cluster.job_flow_role for cluster in clusters}
    nodes = {
        role.arn
        for profile in iam.instance_profiles.values()
        if profile.name in profiles
        for role in profile.roles
    }
    routed = {
        arn for cluster in redshift if _true(cluster.enhanced_vpc_routing) for arn in cluster.iam_roles_arn
    }
    return Deployed(
        callers={one.arn: dict(_identity(one)) for one in people},
        labels={
            **{one.arn: getattr(one, "logical_resource_id", one.name) for one in people},
            **{key.arn: getattr(key, "logical_resource_id", key.id) for key in keys},
        },
        resources={arn: documents for arn, documents in _of_resources() if documents},
        endpoint=dict(_of_endpoint()),
        in_vpc=frozenset(nodes | routed),
        by_spectrum=frozenset(routed),
        attached={arn: cluster.cluster_identifier for cluster in redshift for arn in cluster.iam_roles_arn},
        tags=dict(_tags(clusters)),
        keys=dict(_keys()),
    )


def _identity(one: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    policies = one.policies
    inline = policies.items() if isinstance(policies, Mapping) else ()
    for name, document in inline:
        yield name, _read(document)
    for policy in one.managed_policies.values():
        yield policy.name, _read(policy.document)
    for name in getattr(one, "managed_by_aws", ()):
        yield f"{MANAGED}{name}", _managed()[name]["Document"]


@cache
def _managed() -> Any:
    """AWS's own policies by name, as moto has copied them from AWS."""
    return json.loads(aws_managed_policies_data)


def _tags(clusters: Iterable[Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    ec2 = ec2_backends[ACCOUNT][REGION]
    for cluster in clusters:
        yield cluster.arn, _pairs(cluster.tags)
        groups = (
            cluster.master_security_group,
            cluster.slave_security_group,
            cluster.service_access_security_group,
        )
        named = [("security-group", group) for group in groups] + [("subnet", cluster.ec2_subnet_id)]
        for kind, identifier in named:
            found = ec2.describe_tags(filters={"resource-id": [identifier]}) if identifier else []
            yield (
                f"arn:{_PARTITION}:ec2:{REGION}:{ACCOUNT}:{kind}/{identifier}",
                {tag["key"]: tag["value"] for tag in found},
            )


def _pairs(tags: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _of_resources() -> Iterator[tuple[str, Documents]]:
    for role in iam_backends[ACCOUNT][_PARTITION].roles.values():
        if role.assume_role_policy_document:
            yield role.arn, {"trust": _read(role.assume_role_policy_document)}
    for bucket in s3_backends[ACCOUNT][_PARTITION].buckets.values():
        if bucket.policy:
            yield f"arn:{_PARTITION}:s3:::{bucket.name}", {"bucket policy": _read(bucket.policy)}
    for topic in sns_backends[ACCOUNT][REGION].topics.values():
        yield topic.arn, {"topic policy": _read(topic.policy)}
    for key in kms_backends[ACCOUNT][REGION].keys.values():
        yield key.arn, {"key policy": _read(key.policy)}
    for function in get_backend(ACCOUNT, REGION).list_functions():
        if function.policy and function.policy.statements:
            yield function.function_arn, {"permissions": function.policy.get_policy()["Policy"]}


def _keys() -> Iterator[tuple[str, str]]:
    for bucket in s3_backends[ACCOUNT][_PARTITION].buckets.values():
        if found := re.search(r"arn:aws:kms:[\w:/-]+", json.dumps(bucket.encryption or "")):
            yield bucket.arn, found[0]
    for topic in sns_backends[ACCOUNT][REGION].topics.values():
        if topic.kms_master_key_id:
            yield topic.arn, topic.kms_master_key_id


def _of_endpoint() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for endpoint in ec2_backends[ACCOUNT][REGION].vpc_end_points.values():
        if endpoint.service_name.endswith(".s3"):
            yield endpoint.id, _read(endpoint.policy_document)


def _read(document: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(document) if isinstance(document, str | bytes) else document
    return found


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def keep_roles_of_clusters() -> None:
    """Let a cluster that CloudFormation makes have its IamRoles, which moto drops."""

    def create(cls: Any, resource_name: str, cloudformation_json: Any, *args: Any, **kwargs: Any) -> Any:
        cluster = _create_cluster(cls, resource_name, cloudformation_json, *args, **kwargs)
        cluster.iam_roles_arn = list(cloudformation_json["Properties"].get("IamRoles", []))
        return cluster

    Cluster.create_from_cloudformation_json = classmethod(create)


def keep_policies_of_roles() -> None:
    """Let a role that CloudFormation makes have the AWS-managed policies that it names, which moto drops.

    KeyError if moto has no copy of one: what it allows is not known then.
    """

    def create(cls: Any, resource_name: str, cloudformation_json: Any, *args: Any, **kwargs: Any) -> Any:
        role = _create_role(cls, resource_name, cloudformation_json, *args, **kwargs)
        arns = cloudformation_json["Properties"].get("ManagedPolicyArns", [])
        names = [arn.rpartition("/")[2] for arn in arns if _MANAGED_ARN.match(arn)]
        role.managed_by_aws = [name for name in names if _managed()[name]]
        return role

    Role.create_from_cloudformation_json = classmethod(create)


class _ResourcePolicy(CloudFormationModel):  # type: ignore[misc]
    """A policy that CloudFormation puts on a resource; moto skips this type."""

    physical_resource_id: str

    @classmethod
    def put(cls, properties: Mapping[str, Any], document: str | None) -> None:
        """Make `document` the policy of the resources that `properties` name; None leaves them without one."""
        raise NotImplementedError

    @staticmethod
    def cloudformation_name_type() -> str:
        """No property names a policy."""
        return ""

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, *_: Any, **__: Any
    ) -> Self:
        """Put the policy on its resource."""
        properties = cloudformation_json["Properties"]
        cls.put(properties, json.dumps(properties["PolicyDocument"]))
        made = cls()
        made.physical_resource_id = resource_name
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls, _: Any, new_resource_name: str, cloudformation_json: Any, *__: Any
    ) -> Self:
        """Replace the policy."""
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json)

    @classmethod
    def delete_from_cloudformation_json(cls, _: str, cloudformation_json: Any, *__: Any) -> None:
        """Take the policy away."""
        cls.put(cloudformation_json["Properties"], None)


class BucketPolicy(_ResourcePolicy, CloudFormationModel):  # type: ignore[misc]
    """`AWS::S3::BucketPolicy`."""

    @staticmethod
    def cloudformation_type() -> str:
        """Where moto looks for the class."""
        return "AWS::S3::BucketPolicy"

    @classmethod
    def put(cls, properties: Mapping[str, Any], document: str | None) -> None:
        """On one bucket, if it still exists."""
        if bucket := s3_backends[ACCOUNT][_PARTITION].buckets.get(properties["Bucket"]):
            bucket.policy = document.encode() if document else None


class TopicPolicy(_ResourcePolicy, CloudFormationModel):  # type: ignore[misc]
    """`AWS::SNS::TopicPolicy`."""

    @staticmethod
    def cloudformation_type() -> str:
        """Where moto looks for the class."""
        return "AWS::SNS::TopicPolicy"

    @classmethod
    def put(cls, properties: Mapping[str, Any], document: str | None) -> None:
        """On each topic that still exists; a topic goes together with its policy."""
        topics = sns_backends[ACCOUNT][REGION].topics
        for arn in properties["Topics"]:
            if document and arn in topics:
                topics[arn].policy = document
