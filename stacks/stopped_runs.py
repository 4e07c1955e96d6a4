"""The report of a run that could not write it: of one that took too long, or that somebody stopped."""

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from report.making import STOPPED
from stacks.functions import Functions
from stacks.settings.settings import Settings
from stacks.state_machine.reporting import of_the_deployment


class StoppedRuns(Construct):
    """Calls the function of the report when Step Functions tells EventBridge that an execution of `machine` has timed out or was aborted.

    The function is told what every event has, as EventBridge does not escape what it puts into a text, and leaves a member without
    a value if the event lacks it: the input, the error and its cause are in the execution's history.
    Step Functions Developer Guide, "Automating event delivery with EventBridge"; EventBridge User Guide, "Common issues with transforming input".
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        machine: sfn.StateMachine,
        functions: Functions,
    ) -> None:
        super().__init__(scope, construct_id)
        told = {
            "execution": "executionArn",
            "run_id": "name",
            "status": "status",
            "started": "startDate",
            "ended": "stopDate",
        }
        events.Rule(
            self,
            "Rule",
            rule_name=f"{settings.name}-stopped-runs",
            description=f"writes the report of a run of {settings.name} that took too long or was stopped",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"status": list(STOPPED), "stateMachineArn": [machine.state_machine_arn]},
            ),
            targets=[
                targets.LambdaFunction(
                    functions.write_report,
                    event=events.RuleTargetInput.from_object(
                        {
                            **{
                                name: events.EventField.from_path(f"$.detail.{field}")
                                for name, field in told.items()
                            },
                            **of_the_deployment(settings, functions),
                        }
                    ),
                )
            ],
        )
