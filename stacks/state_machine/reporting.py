"""The report: the last thing that a run does, whichever way it ends. A run that is stopped does not come to it (stacks/stopped_runs.py)."""

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from stacks.functions import Functions
from stacks.settings.settings import Settings
from stacks.state_machine.retries import NEVER

_LONGEST = Duration.seconds(30)


def of_the_deployment(settings: Settings, functions: Functions) -> dict[str, object]:
    """What the function of the report is told of the deployment, whoever calls it."""
    nodes = settings.nodes
    return {
        "deployment": settings.name,
        "warehouse": {"database": settings.redshift_database, "port": settings.redshift_port},
        "resources": {
            "memory_mb": dict(functions.memory_mb),
            "emr_type": settings.emr_instance_type,
            "emr_count": settings.emr_core_count + 1,  # and the primary node
            "redshift_type": nodes.type,
            "redshift_count": nodes.count,
        },
    }


class Reporting(Construct):
    """States that write the document of the run and its page."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, functions: Functions
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._functions = functions

    def before(self, then: sfn.Choice | sfn.Succeed | sfn.Fail, name: str) -> tasks.LambdaInvoke:
        """The report, then `then`, also after an error or a time-out: a report never changes how a run ends.

        The state is not tried again either: `pipeline report` makes the same document later, from the execution's history.
        """
        state = tasks.LambdaInvoke(
            self,
            name,
            lambda_function=self._functions.write_report,
            payload=sfn.TaskInput.from_object(self._payload()),
            payload_response_only=True,
            retry_on_service_exceptions=False,
            task_timeout=sfn.Timeout.duration(_LONGEST),
            result_path=sfn.JsonPath.DISCARD,
        )
        state.add_retry(**NEVER)
        state.add_catch(then, result_path=sfn.JsonPath.DISCARD)
        state.next(then)
        return state

    def _payload(self) -> dict[str, object]:
        return {
            "execution": sfn.JsonPath.string_at("$$.Execution.Id"),
            "run_id": sfn.JsonPath.string_at("$$.Execution.Name"),
            "state": sfn.JsonPath.string_at("$$.State.Name"),
            "started": sfn.JsonPath.string_at("$$.Execution.StartTime"),
            "ended": sfn.JsonPath.string_at("$$.State.EnteredTime"),
            "input": sfn.JsonPath.object_at("$$.Execution.Input"),
            "known": sfn.JsonPath.object_at("$"),
            **of_the_deployment(self._settings, self._functions),
        }
