"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

State = Annotated[
    Path,
    typer.Option("--state", help="Folder with the buckets, warehouse, executions and logs of this machine."),
]
OnAws = Annotated[
    bool,
    typer.Option(
        "--aws",
        help="Work with the deployment on AWS (credentials as for the AWS CLI), not with this machine.",
    ),
]
Name = Annotated[str, typer.Option("--name", help="Name of the deployment: `name` in cdk.json.")]
Context = Annotated[
    list[str] | None,
    typer.Option(
        "--context", "-c", help="A setting of the deployment, KEY=VALUE; repeat the option for several."
    ),
]
OnCluster = Annotated[
    bool,
    typer.Option("--cluster", help="Run the Spark step on a cluster: a master and two workers as processes."),
]
DEFAULT_STATE = Path(".state")
DEFAULT_NAME = "goodreads"
