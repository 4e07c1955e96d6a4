"""Hook into moto's CloudFormation: an update replaces, refuses and deletes as AWS's does.

moto updates resource by resource in the order of their names, forgets a resource whose type it cannot update, and knows neither
replacement nor exports that are in use. AWS finds most of what is refused here in the middle of an update and rolls it back; here
UpdateStack refuses it before anything has changed.
"""

import copy
from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import Any

from moto.cloudformation import models
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import ResourceMap, clean_json, parse_and_update_resource
from moto.cloudformation.responses import CloudFormationResponse

from local_cloud.cloudformation import refused
from local_cloud.cloudformation.lacking import add_what_types_lack
from local_cloud.cloudformation.replacement import custom_name, imports, references, replaced

_RETAINED = ("Retain", "RetainExceptOnCreate")  # a resource of a stack that exists was created
_refuse = CloudFormationResponse._validate_different_update  # noqa: SLF001
_update, _delete = models.CloudFormationBackend.update_stack, models.CloudFormationBackend.delete_stack


def install() -> None:
    """Let every stack of this process be updated and deleted as this module says."""
    models.CloudFormationBackend.update_stack = _update_stack
    models.CloudFormationBackend.delete_stack = _delete_stack
    CloudFormationResponse._validate_different_update = _refuse_update_without_a_change  # noqa: SLF001
    ResourceMap.update = _update_resources
    ResourceMap.delete = _delete_resources
    add_what_types_lack()
    refused.install()


def _update_stack(
    backend: Any, name: str, template: str, parameters: list[dict[str, Any]], **rest: Any
) -> Any:
    stack = backend.get_stack(name)
    new = stack.parse_template(template)
    gone = replaced(stack.template_dict["Resources"], new["Resources"])
    for logical_id in gone:
        old_name = custom_name(stack.template_dict["Resources"][logical_id])
        if old_name and old_name == custom_name(new["Resources"][logical_id]):
            raise ValidationError(
                message="CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {old_name} ({logical_id}) and update the stack again."
            )
    old_exports, new_exports = _exports(stack.template_dict), _exports(new)
    for export in old_exports:
        if export not in new_exports:
            _refuse_if_in_use(backend, stack, export, "deleted")
        elif gone & set(references(new_exports[export])):
            _refuse_if_in_use(backend, stack, export, "updated")
    # a parameter that was never given keeps its default, which moto does not know
    given = [
        each for each in parameters if "ParameterValue" in each or each["ParameterKey"] in stack.parameters
    ]
    updated = _update(backend, name, template, parameters=given, **rest)
    for export in old_exports:
        backend.exports.pop(export, None)
    backend.exports.update({export.name: export for export in updated.exports})
    return updated


def _refuse_update_without_a_change(response: Any, parameters: Any, template: str, stack: Any) -> None:
    """A parameter of Systems Manager that has another value since is a change."""
    resources = stack.resource_map
    of_ssm = {
        name: (stack.parameters.get(name, slot.get("Default")), slot["Type"])
        for name, slot in stack.template_dict.get("Parameters", {}).items()
        if slot["Type"].startswith("AWS::SSM::Parameter::")
    }
    if all(
        resources.parse_ssm_parameter(*where) == resources.resolved_parameters[name]
        for name, where in of_ssm.items()
    ):
        _refuse(response, parameters, template, stack)


def _delete_stack(backend: Any, name_or_id: str) -> None:
    for stack in list(backend.stacks.values()):
        if name_or_id in (stack.name, stack.stack_id):
            for export in _exports(stack.template_dict):
                _refuse_if_in_use(backend, stack, export, "deleted")
    _delete(backend, name_or_id)
    for (
        stack
    ) in backend.deleted_stacks.values():  # to describe its outputs, moto would make its resources anew
        stack.template_dict = {"Resources": {}}
        stack.output_map = stack._create_output_map()  # noqa: SLF001


def _exports(template: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each export, as the template has it."""
    outputs = (template.get("Outputs") or {}).values()
    return {output["Export"]["Name"]: output["Value"] for output in outputs if "Export" in output}


def _refuse_if_in_use(backend: Any, owner: Any, export: str, change: str) -> None:
    for stack in backend.stacks.values():
        if stack is not owner and export in set(imports(stack.template_dict)):
            raise ValidationError(
                message=f"Export {export} cannot be {change} as it is in use by {stack.name}"
            )


def _update_resources(
    resources: Any, template: dict[str, Any], parameters: dict[str, Any] | None = None
) -> None:
    """Create, update in place or replace, each resource after those that it refers to; then delete what is left over."""
    old, new = resources._resource_json_map, template["Resources"]  # noqa: SLF001
    made = resources._parsed_resources  # noqa: SLF001
    before = {name: _resolved(old[name], resources) for name in old if name in made}
    leftovers = [(name, made[name], "DeletionPolicy") for name in before if name not in new]
    gone = replaced(old, new)
    resources._template, resources._resource_json_map = template, new  # noqa: SLF001
    if parameters:
        resources.input_parameters = parameters
    resources.load_mapping()
    resources.load_parameters()  # the values of parameters of SSM may be others than at the last update
    resources.load_conditions()
    for name in _in_order(new):
        if name not in before:
            resources[name]
        elif name in gone:
            leftovers.append((name, made.pop(name), "UpdateReplacePolicy"))
            resources[name]
        elif _resolved(new[name], resources) != before[name]:
            where = (resources._account_id, resources._region_name)  # noqa: SLF001
            changed = parse_and_update_resource(name, new[name], resources, *where)
            made[name] = changed or made[name]  # moto cannot update every type
    for name, resource, policy in reversed(leftovers):
        if name not in new:
            made.pop(name, None)
        if before[name].get(policy) not in _RETAINED:
            resources._delete_resource(resource, before[name])  # noqa: SLF001


def _delete_resources(resources: Any) -> None:
    """Delete each resource before those that it refers to, but not what is retained."""
    made = resources._parsed_resources  # noqa: SLF001
    written = resources._resource_json_map  # noqa: SLF001
    known = {name: _resolved(written[name], resources) for name in _in_order(written) if name in made}
    for name, resource in reversed(known.items()):
        made_one = made.pop(name)
        if resource.get("DeletionPolicy") not in _RETAINED:
            resources._delete_resource(made_one, resource)  # noqa: SLF001
    resources._resource_json_map = {}  # noqa: SLF001  # whoever looks at it later would make it anew


def _in_order(written: Mapping[str, Any]) -> list[str]:
    """The logical ids, each after those that it refers to."""

    def needed(resource: Mapping[str, Any]) -> list[str]:
        named = resource.get("DependsOn", [])
        return sorted(
            {*references(resource), *([named] if isinstance(named, str) else named)} & written.keys()
        )

    graph = {name: needed(resource) for name, resource in written.items()}
    return list(TopologicalSorter(graph).static_order())


def _resolved(resource: Mapping[str, Any], resources: Any) -> Any:
    return clean_json(copy.deepcopy(resource), resources)
