"""A group of commands, each in its own module; only the module of the command that runs is imported."""

import ast
import atexit
import functools
import gc
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import typer
from typer.core import TyperCommand, TyperGroup

from command_line.account import adopt_region, without_profile
from command_line.answers import Json, crashes_told, json_asked, misuse_told


class Output(Protocol):
    """Where the commands of a group answer, as JSON if a person asks for that."""

    def choose(self, *, as_json: bool) -> None:
        """Begin a command."""

    def failed(self, message: str) -> None:
        """The command was called in a wrong way, crashed, or was interrupted; told before any answer, else ignored."""


def group_of(modules: Mapping[str, str], explanation: str, output: Output | None = None) -> typer.Typer:
    """A group of commands. `modules` maps each command's name to its module; the module has a function of the same name (`_` for `-`).

    With an `output` each command has the option `--json`. A wrong call, Ctrl-C, and an error that nobody can mend are told to the output as well.
    """

    class OnDemand(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = {name: TyperCommand(name) for name in modules}

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """The command for the group's help, with its docstring as the explanation."""
            if command := super().get_command(ctx, cmd_name):
                command.help = _docstring(modules[cmd_name], _function(cmd_name))
            return command

        def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:
            if output is None:
                return super().make_context(info_name, args, *more, **extra)
            output.choose(as_json=json_asked(args))  # before options are read: one of them may be wrong
            with misuse_told(output.failed):
                return super().make_context(info_name, args, *more, **extra)

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            name, command, rest = super().resolve_command(ctx, args)
            return name, command and _command(modules[str(name)], str(name), output), rest

        def invoke(self, ctx: Any) -> Any:
            with _all_collected_rarely():
                if output is None:
                    return super().invoke(ctx)
                with misuse_told(output.failed), crashes_told(output.failed):
                    return super().invoke(ctx)

    app = typer.Typer(
        cls=OnDemand, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True
    )
    app.callback(help=explanation)(adopt_region)
    return app


def _command(module: str, name: str, output: Output | None) -> Any:
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    with _nothing_collected(), without_profile():
        function = getattr(import_module(module), _function(name))
    alone.command(name)(_with_json(function) if output else function)
    return typer.main.get_command(alone)


def _with_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with one more option, for the help and the parser; the group has read the option's value before."""
    known = inspect.signature(function)
    if "as_json" in known.parameters:
        return function
    option = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json)

    @functools.wraps(function)
    def called(*, as_json: bool, **given: Any) -> Any:
        del as_json
        return function(**given)

    vars(called)["__signature__"] = known.replace(parameters=[*known.parameters.values(), option])
    return called


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


@contextmanager
def _all_collected_rarely() -> Iterator[None]:
    """A twentieth as many collections of all that a command has made: most of it stays, and eight of them took a second of a run."""
    usual = gc.get_threshold()
    gc.set_threshold(*usual[:2], 20 * usual[2])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


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
