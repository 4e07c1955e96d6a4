"""What CloudFormation replaces when a template changes, and what has a name that nothing else can have at the same time.

Both are said by AWS's resource schemas, which come with cfn-lint: `createOnlyProperties` and `primaryIdentifier`
(https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

Resources = Mapping[str, Mapping[str, Any]]
"""The resources of a template, by logical id."""


def create_only(kind: str) -> list[str]:
    """The properties whose change replaces a resource of this type, or may replace it, as paths: `/properties/Name`."""
    schema = _schema(kind)
    return [*schema.get("createOnlyProperties", []), *schema.get("conditionalCreateOnlyProperties", [])]


def custom_name(resource: Mapping[str, Any]) -> str | None:
    """Type and name as text, if the template names the resource; there cannot be a second one of that type and name."""
    kind = resource["Type"]
    schema = _schema(kind)
    identifiers = schema.get("primaryIdentifier", [])
    naming = [path for path in create_only(kind) if path in identifiers]
    if any(path.endswith("Arn") for path in identifiers):  # which is made of the name
        naming = [path for path in create_only(kind) if path.endswith("Name")]
    elif set(identifiers) & set(schema.get("readOnlyProperties", [])):
        return None  # AWS makes a part of the identifier: the rest, a permission's function, names nothing
    given = [_at(resource, path) for path in naming]
    literal = [name for name in given if name and "Ref" not in name]
    return json.dumps([kind, *literal]) if literal else None


def replaced(old: Resources, new: Resources) -> set[str]:
    """The logical ids of what is replaced: a create-only property differs, or refers to something that is replaced."""
    both = [name for name in old if name in new and old[name]["Type"] == new[name]["Type"]]
    found: set[str] = set()
    while True:
        more = {
            name
            for name in both
            for path in create_only(old[name]["Type"])
            if _at(old[name], path) != _at(new[name], path) or found & set(references(_at(new[name], path)))
        }
        if more == found:
            return found
        found = more


def references(value: Any) -> Iterator[str]:
    """The logical ids and parameters that a part of a template refers to by Ref or Fn::GetAtt."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        if "Ref" in value:
            yield value["Ref"]
        elif "Fn::GetAtt" in value:
            yield value["Fn::GetAtt"][0]
        else:
            yield from references(list(value.values()))


def imports(value: Any) -> Iterator[str]:
    """The exports that a part of a template imports."""
    if isinstance(value, list):
        for each in value:
            yield from imports(each)
    elif isinstance(value, dict):
        if "Fn::ImportValue" in value:
            yield value["Fn::ImportValue"]
        else:
            yield from imports(list(value.values()))


def _at(resource: Mapping[str, Any], path: str) -> Any:
    value: Any = {"properties": resource.get("Properties", {})}
    for part in path.strip("/").split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value


@lru_cache
def _schema(kind: str) -> Mapping[str, Any]:
    from cfnlint import schema  # noqa: PLC0415  # it takes two seconds, which only an update needs

    try:
        found: Mapping[str, Any] = schema.PROVIDER_SCHEMA_MANAGER.get_resource_schema(
            "us-east-1", kind
        ).schema
    except schema.ResourceNotFoundError:  # AWS::CDK::Metadata
        return {}
    return found
