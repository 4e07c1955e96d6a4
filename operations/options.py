"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

State = Annotated[
    Path, typer.Option("--state", help="Folder that keeps buckets, warehouse, executions and logs.")
]
OnAws = Annotated[
    bool, typer.Option("--aws", help="Ask AWS (credentials as for the AWS CLI), not this machine.")
]
Name = Annotated[str, typer.Option("--name", help="Name of the deployment: `name` in cdk.json.")]
Context = Annotated[
    list[str] | None, typer.Option("--context", "-c", help="Setting for the deployment, KEY=VALUE.")
]
DEFAULT_STATE = Path(".state")
DEFAULT_NAME = "goodreads"
