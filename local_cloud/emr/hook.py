"""Hooks into moto: the task that adds a step to an EMR cluster runs the step here, and a template's cluster stays and has nodes.

The step is also added to moto's cluster, by the role of the task, so that EMR's API knows the step and who may add it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.cloudformation.exceptions import ValidationError as StackError
from moto.core.responses import ActionResult
from moto.emr.models import Cluster, emr_backends
from moto.emr.responses import ElasticMapReduceResponse
from moto.iam.models import iam_backends
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcomeFailure,
    CallbackOutcomeFailureError,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils import boto_client

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.emr.access import StepAccess
from local_cloud.emr.starting import reason_not_to_start
from local_cloud.emr.steps import StepResult, StepRunner, failure_cause
from local_cloud.iam import Judge
from local_cloud.identity import Keys, session

_SESSION_SECONDS = 12 * 3600
_service_for = state_task_factory.state_task_service_for
_create = Cluster.create_from_cloudformation_json.__func__


def install(steps: StepRunner, judge: Judge) -> None:
    """Let state machines run EMR steps: `elasticmapreduce:addStep.sync` is a spark-submit of `steps`.

    `judge` says what the cluster's nodes may do in S3. A second call replaces the first runner.
    """

    class EmrTask(StateTaskServiceCallback):  # type: ignore[misc]
        """elasticmapreduce:addStep.sync; holds no state, because Map iterations share the instance."""

        def __init__(self) -> None:
            # the interpreter prepares a task token only for integrations that could wait for one
            super().__init__({ResourceCondition.Sync, ResourceCondition.WaitForTaskToken})

        def _get_supported_parameters(self) -> set[str]:
            return {"ClusterId", "Step"}

        def _normalise_parameters(self, *_args: Any, **_kwargs: Any) -> None:
            """Step Functions writes EMR's parameters as EMR does."""

        def _eval_service_task(
            self,
            env: Any,
            resource_runtime_part: Any,
            normalised_parameters: dict[str, Any],
            state_credentials: Any,
        ) -> None:
            emr = boto_client.boto_client_for(resource_runtime_part.region, "emr", state_credentials)
            cluster, step = (normalised_parameters[name] for name in ("ClusterId", "Step"))
            (step_id,) = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[step])["StepIds"]
            # each try waits with its own token: a used token counts as timed out
            env.callback_pool_manager.add(env.states.context_object.update_task_token())
            env.stack.append({"StepId": step_id})

        def _build_sync_resolver(
            self,
            env: Any,
            resource_runtime_part: Any,
            normalised_parameters: dict[str, Any],
            state_credentials: Any,
        ) -> Callable[[], Any]:
            emr = boto_client.boto_client_for(resource_runtime_part.region, "emr", state_credentials)
            submitted = Submitted(normalised_parameters["ClusterId"], env.stack.pop()["StepId"])
            arguments = normalised_parameters["Step"]["HadoopJarStep"]["Args"]

            def run_to_the_end() -> Any:
                result = submitted.run(steps, judge, arguments, env.is_running)
                submitted.note(result)
                if result.state == "CANCELLED":  # the execution has already ended
                    with suppress(ClientError, BotoCoreError):  # the endpoint may be going down
                        emr.cancel_steps(ClusterId=submitted.cluster, StepIds=[submitted.step])
                    return result.as_api()
                emr.describe_step(ClusterId=submitted.cluster, StepId=submitted.step)
                if result.state == "COMPLETED":
                    return result.as_api()
                return CallbackOutcomeFailureError(
                    CallbackOutcomeFailure(result.step_id, "States.TaskFailed", failure_cause(result))
                )

            return run_to_the_end

        def _from_error(self, env: Any, ex: Exception) -> Any:
            return _refused(self, env, ex) if isinstance(ex, ClientError) else super()._from_error(env, ex)

    Cluster.create_from_cloudformation_json = classmethod(partial(_judged, judge))
    state_task_factory.state_task_service_for = lambda service_name: (
        EmrTask() if service_name == "elasticmapreduce" else _service_for(service_name=service_name)
    )
    ElasticMapReduceResponse.cancel_steps = _cancel_steps


@dataclass(frozen=True)
class Submitted:
    """A step of a cluster of moto's."""

    cluster: str
    step: str

    def note(self, result: StepResult) -> None:
        """Let EMR's API tell how the step ended, and that the cluster waits for the next one."""
        backend = emr_backends[ACCOUNT][REGION]
        backend.describe_step(self.cluster, self.step).state = result.state
        backend.clusters[self.cluster].state = "WAITING"

    def run(
        self, steps: StepRunner, judge: Judge, arguments: Sequence[str], still_wanted: Callable[[], bool]
    ) -> StepResult:
        """Run the step with its nodes' keys; it fails where their role may not read or write what the step does."""
        role = role_of_nodes(emr_backends[ACCOUNT][REGION].clusters[self.cluster])
        if not role:
            return steps.run(arguments, still_wanted, None)
        access = StepAccess(judge, steps.buckets, role, arguments)
        if refused := access.to_begin():
            return steps.refused(refused)
        before = access.written()
        result = steps.run(arguments, still_wanted, self._keys_of_nodes(role))
        refused = access.to_have_written(before)
        return replace(result, state="FAILED", reason=refused) if refused else result

    def _keys_of_nodes(self, role: str) -> Keys:
        """A session of the role, named after a node."""
        cluster = emr_backends[ACCOUNT][REGION].clusters[self.cluster]
        nodes = sorted(node.ec2_instance.id for node in cluster.ec2_instances)
        return session(
            role,
            nodes[0] if nodes else self.cluster,
            seconds=_SESSION_SECONDS,
            service="ec2.amazonaws.com",
        )


def role_of_nodes(cluster: Any) -> str:
    """The role in a cluster's instance profile; empty if it has none."""
    roles = [
        role
        for profile in iam_backends[ACCOUNT]["aws"].instance_profiles.values()
        if cluster.job_flow_role in {profile.name, profile.arn}
        for role in profile.roles
    ]
    return roles[0].arn if roles else ""


def _cancel_steps(response: Any) -> ActionResult:
    """CancelSteps, which moto lacks: the step is cancelled once its execution has ended."""
    cancelled = [{"StepId": step, "Status": "SUBMITTED"} for step in response._get_param("StepIds")]  # noqa: SLF001
    return ActionResult({"CancelStepsInfoList": cancelled})


def _refused(task: Any, env: Any, error: ClientError) -> FailureEvent:
    """EMR has refused a call of the task; the error's name and cause are as Step Functions words them."""
    name, told = "ElasticMapReduce.AmazonElasticMapReduceException", error.response
    cause = (
        f"{told['Error']['Message']} (Service: AmazonElasticMapReduce; Status Code: "
        f"{told['ResponseMetadata']['HTTPStatusCode']}; Error Code: {told['Error']['Code']})"
    )
    details = TaskFailedEventDetails(
        error=name,
        cause=cause,
        resource=task._get_sfn_resource(),  # noqa: SLF001
        resourceType=task._get_sfn_resource_type(),  # noqa: SLF001
    )
    return FailureEvent(
        env=env,
        error_name=CustomErrorName(error_name=name),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(taskFailedEventDetails=details),
    )


def _judged(judge: Judge, cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A cluster of a template, if EMR's service role could start its nodes."""
    cluster = _with_nodes(cls, *args, **kwargs)
    if why := reason_not_to_start(judge, cluster, role_of_nodes(cluster)):
        emr_backends[ACCOUNT][REGION].clusters.pop(cluster.id)
        raise StackError(message=f"EMR cannot start the cluster {cluster.name}: {why}")
    return cluster


def _with_nodes(cls: Any, resource_name: str, cloudformation_json: Any, *rest: Any, **more: Any) -> Any:
    """A cluster of a template; moto would terminate it at once, and knows nodes only from RunJobFlow's older members."""
    instances = cloudformation_json["Properties"]["Instances"]
    master, core = instances["MasterInstanceGroup"], instances["CoreInstanceGroup"]
    instances |= {
        "keep_job_flow_alive_when_no_steps": instances.get("KeepJobFlowAliveWhenNoSteps", False),
        "master_instance_type": master["InstanceType"],
        "slave_instance_type": core["InstanceType"],
        "instance_count": int(master["InstanceCount"]) + int(core["InstanceCount"]),
    }
    return _create(cls, resource_name, cloudformation_json, *rest, **more)
