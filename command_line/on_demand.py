"""A group of commands, each in its own module; only the module of the command that runs is imported."""

import ast
import atexit
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


def group_of(modules: Mapping[str, str], explanation: str) -> typer.Typer:
    """A group of commands. `modules` maps each command's name to its module; the module has a function of the same name (`_` for `-`)."""

    class OnDemand(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = {name: TyperCommand(name) for name in modules}

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """The command for the group's help, with its docstring as the explanation."""
            if command := super().get_command(ctx, cmd_name):
                command.help = _docstring(modules[cmd_name], _function(cmd_name))
            return command

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            name, command, rest = super().resolve_command(ctx, args)
            return name, command and _command(modules[str(name)], str(name)), rest

    app = typer.Typer(
        cls=OnDemand, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True
    )
    app.callback(help=explanation)(lambda: None)
    return app


def _command(module: str, name: str) -> Any:
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    with _nothing_collected():
        function = getattr(import_module(module), _function(name))
    alone.command(name)(function)
    return typer.main.get_command(alone)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """No garbage collection while modules are imported: they stay until the process ends, and searching them took two seconds of a run."""
    gc.disable()
    atexit.register(gc.freeze)
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _docstring(module: str, function: str) -> str | None:
    """A function's docstring, from the module's source; the module is not imported."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)
    source = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    found = (node for node in source.body if isinstance(node, ast.FunctionDef) and node.name == function)
    return ast.get_docstring(next(found))


def _function(command: str) -> str:
    return command.replace("-", "_")
