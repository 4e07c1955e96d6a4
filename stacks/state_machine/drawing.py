"""The drawing of the state machine, as a file that the function of the report reads."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.shared.environment import DRAWING
from stacks.grants import grant_asset
from stacks.state_machine.layout import layout_of


class Drawing(Construct):
    """The drawing in the CDK's bucket. The states call the function, so the drawing cannot be in the function's code."""

    def __init__(self, scope: Construct, construct_id: str, *, machine: sfn.StateMachine) -> None:
        super().__init__(scope, construct_id)
        with TemporaryDirectory() as folder:
            file = Path(folder, "drawing.json")
            file.write_text(
                json.dumps(layout_of(_definition(machine)), separators=(",", ":")), encoding="utf-8"
            )
            self._asset = s3_assets.Asset(self, "File", path=str(file))  # copies the file

    def give_to(self, function: lambda_.Function) -> None:
        """Tells the function where the drawing is, and lets it read the drawing."""
        function.add_environment(DRAWING, self._asset.s3_object_url)
        grant_asset(function, self._asset)


def _definition(machine: sfn.StateMachine) -> dict[str, Any]:
    """The definition; what only the deployment will know is empty, and no part of the drawing."""
    resource = cast("sfn.CfnStateMachine", machine.node.default_child)
    _, parts = Stack.of(machine).resolve(resource.definition_string)["Fn::Join"]
    found: dict[str, Any] = json.loads("".join(part if isinstance(part, str) else "" for part in parts))
    return found
