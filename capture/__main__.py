"""`python -m capture`: from Goodreads, a simulated one, or dumps of it to the landing zone."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

_COMMANDS = {
    "collect": "capture.collector.command",
    "upload": "capture.uploader.command",
    "simulate": "capture.simulated.command",
    "import-ucsd": "capture.ucsd.command",
}


class _OnDemand(TyperGroup):
    """Imports the command that is wanted: a collector that runs for weeks need not carry Arrow and Faker along."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the group's signature
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the group's signature
        if cmd_name not in _COMMANDS:
            return None
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(cmd_name)(getattr(import_module(_COMMANDS[cmd_name]), cmd_name.replace("-", "_")))
        return typer.main.get_command(alone)


app = typer.Typer(cls=_OnDemand, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback()
def capture() -> None:
    """Capture reviews and bring them to the landing zone."""


if __name__ == "__main__":
    app(prog_name="python -m capture")
