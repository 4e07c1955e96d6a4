"""Hook into moto's Step Functions: the task that adds a step to an EMR cluster runs the step here."""

from collections.abc import Callable
from typing import Any

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

from local_cloud.emr.steps import StepRunner, failure_cause

_service_for = state_task_factory.state_task_service_for


def install(steps: StepRunner) -> None:
    """Let state machines run EMR steps: `elasticmapreduce:addStep.sync` is a spark-submit of `steps`.

    A second call replaces the first runner.
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

        def _eval_service_task(self, env: Any, **_: Any) -> None:
            # each try waits with its own token: a used token counts as timed out
            env.callback_pool_manager.add(env.states.context_object.update_task_token())
            env.stack.append({})

        def _build_sync_resolver(
            self, env: Any, *, normalised_parameters: dict[str, Any], **_: Any
        ) -> Callable[[], Any]:
            env.stack.pop()
            arguments = normalised_parameters["Step"]["HadoopJarStep"]["Args"]

            def run_to_the_end() -> Any:
                result = steps.run(arguments, env.is_running)
                if result.state in ("COMPLETED", "CANCELLED"):  # cancelled: the execution has already ended
                    return result.as_api()
                return CallbackOutcomeFailureError(
                    CallbackOutcomeFailure(result.step_id, "States.TaskFailed", failure_cause(result))
                )

            return run_to_the_end

    state_task_factory.state_task_service_for = lambda service_name: (
        EmrTask() if service_name == "elasticmapreduce" else _service_for(service_name=service_name)
    )
