"""Properties with which AWS would not create or update a resource; moto takes them all.

Lambda Developer Guide, "Lambda quotas"; Step Functions Developer Guide, "Step Functions service quotas"; policies: iam/malformed.py.
"""

import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from local_cloud.account import ACCOUNT
from local_cloud.iam import malformed
from local_cloud.iam.policies import listed
from local_cloud.iam.put import exists, too_much_inline

_ENVIRONMENT_BYTES = 4 * 1024
_UNZIPPED_BYTES = 250 * 1024 * 1024
_DEFINITION_BYTES = 1024 * 1024
_named_and_resolved = parsing.parse_resource_and_generate_name

Properties = Mapping[str, Any]


def install() -> None:
    """Refuse a resource before moto makes or changes it."""
    parsing.parse_resource_and_generate_name = _checked


def _checked(logical_id: str, resource: Any, resources: Any) -> Any:
    found = _named_and_resolved(logical_id, resource, resources)
    if found:
        _, resolved, name = found
        check = _CHECKS.get(resolved["Type"])
        if check and (fault := next(check(_given(resolved.get("Properties", {})), name), None)):
            raise ValidationError(message=f"{resolved['Type']} {logical_id}: {fault}")
    return found


def _given(value: Any) -> Any:
    """Without what is `AWS::NoValue`, which moto leaves in lists as None."""
    if isinstance(value, dict):
        return {name: _given(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_given(each) for each in value if each is not None]
    return value


def _document(kind: malformed.Kind, given: str) -> Any:
    return lambda properties, _: malformed.faults(kind, properties[given], exists)


def _role(properties: Properties, _: str) -> Iterator[str]:
    if "PermissionsBoundary" in properties:
        yield "permissions boundaries are not judged on this machine: leave the boundary out"
    yield from malformed.faults(malformed.TRUST, properties["AssumeRolePolicyDocument"], exists)
    documents = [each["PolicyDocument"] for each in properties.get("Policies", [])]
    for document in documents:
        yield from malformed.faults(malformed.INLINE, document, exists)
    if fault := malformed.too_much_inline(sum(map(malformed.size, documents))):
        yield fault


def _inline(properties: Properties, name: str) -> Iterator[str]:
    """AWS::IAM::Policy: one more inline policy of each of its roles."""
    document = properties["PolicyDocument"]
    yield from malformed.faults(malformed.INLINE, document, exists)
    for role in iam_backends[ACCOUNT]["aws"].roles.values():
        fault = too_much_inline(role, properties.get("PolicyName", name), document)
        if fault and role.name in properties.get("Roles", []):
            yield fault


def _endpoint(properties: Properties, _: str) -> Iterator[str]:
    if "PolicyDocument" in properties:
        yield from malformed.faults(malformed.ENDPOINT, properties["PolicyDocument"], exists)


def _function(properties: Properties, _: str) -> Iterator[str]:
    variables = properties.get("Environment", {}).get("Variables", {})
    size = sum(len(str(text).encode()) for pair in variables.items() for text in pair)
    if size > _ENVIRONMENT_BYTES:
        yield (
            "Lambda was unable to configure your environment variables because the environment variables you have provided "
            f"exceeded the 4KB limit: {size} bytes"
        )
    code = properties.get("Code", {})
    if "S3Bucket" in code:
        key = s3_backends[ACCOUNT]["aws"].get_object(code["S3Bucket"], code["S3Key"])
        unzipped = _unzipped(key.value) if key else 0
        if unzipped > _UNZIPPED_BYTES:
            yield f"Unzipped size must be smaller than {_UNZIPPED_BYTES} bytes: the code has {unzipped}"


def _unzipped(content: bytes) -> int:
    if not zipfile.is_zipfile(BytesIO(content)):
        return 0
    with zipfile.ZipFile(BytesIO(content)) as code:
        return sum(each.file_size for each in code.infolist())


def _machine(properties: Properties, _: str) -> Iterator[str]:
    definition = properties.get("DefinitionString", "")
    if len(definition.encode()) > _DEFINITION_BYTES:
        yield f"The state machine definition has {len(definition.encode())} bytes, at most {_DEFINITION_BYTES} are allowed"


def _rule(properties: Properties, _: str) -> Iterator[str]:
    """API reference of EventBridge, PutTargets and Target: five targets a rule, 8,192 characters of input."""
    targets = listed(properties.get("Targets", []))
    if len(targets) > 5:  # noqa: PLR2004 - said above
        yield f"The rule has {len(targets)} targets, at most 5 are allowed"
    for target in targets:
        if len(target.get("Input", "")) > 8192:  # noqa: PLR2004 - said above
            yield f"The input of the target {target['Id']} has more than 8192 characters"


_CHECKS: Mapping[str, Any] = {
    "AWS::IAM::Role": _role,
    "AWS::IAM::Policy": _inline,
    "AWS::IAM::ManagedPolicy": _document(malformed.MANAGED, "PolicyDocument"),
    "AWS::S3::BucketPolicy": _document(malformed.BUCKET, "PolicyDocument"),
    "AWS::SNS::TopicPolicy": _document(malformed.TOPIC, "PolicyDocument"),
    "AWS::KMS::Key": _document(malformed.KEY, "KeyPolicy"),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::Events::Rule": _rule,
    "AWS::Lambda::Function": _function,
    "AWS::StepFunctions::StateMachine": _machine,
}
