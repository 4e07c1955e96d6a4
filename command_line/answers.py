"""How a command ends with a summary: as text, or with `--json` as one JSON document on stdout."""

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Protocol, runtime_checkable

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_JSON = "--json"
Json = Annotated[bool, typer.Option(_JSON, help="Answer with one JSON document on stdout.")]
"""The option of a command without a group; a group adds it to its commands."""


def json_asked(args: Sequence[str]) -> bool:
    """Whether `Json` is among the arguments of a call, which need not be right; `--` ends the options."""
    return _JSON in args[: args.index("--") if "--" in args else None]


@runtime_checkable
class Documented(Protocol):
    """A value that is not told by its fields."""

    def document(self) -> Mapping[str, Any]:
        """The value as a JSON object."""


class Answers:
    """Where a command gives its summary. With `--json`, exactly one document goes to stdout; the caller sends everything else to stderr."""

    def __init__(self) -> None:
        self.as_json = False
        self._given = False

    def choose(self, *, as_json: bool) -> None:
        """Begin a command."""
        self.as_json, self._given = as_json, False

    def give(self, summary: "DataclassInstance | Mapping[str, Any]", show: Callable[[], object]) -> None:
        """With `--json` write the summary, a dataclass by its fields, else call `show`, which prints the same as text."""
        if self.as_json:
            self._write(_plain(summary))
        else:
            show()

    def failed(self, message: str) -> None:
        """The answer of a command that cannot go on; nothing without `--json`, or after another answer."""
        if self.as_json and not self._given:
            self._write({"error": message})

    def _write(self, document: Mapping[str, Any]) -> None:
        if self._given:
            raise RuntimeError("a command answers once")
        self._given = True
        # ASCII alone: valid whatever encoding stdout has, and nothing in it that a terminal obeys
        sys.stdout.write(f"{json.dumps(document, allow_nan=False)}\n")
        sys.stdout.flush()


answers = Answers()
"""Of the command that this process runs."""


class AnsweringCommand(TyperCommand):
    """A command without a group that has the option `Json`; a wrong call is told to `answers` as well."""

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:
        """Read the arguments; `--json` first: one of the others may be wrong."""
        answers.choose(as_json=json_asked(args))
        with misuse_told(answers.failed):
            return super().make_context(info_name, args, *more, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with misuse_told(answers.failed), crashes_told(answers.failed):
            return super().invoke(ctx)


@contextmanager
def misuse_told(failed: Callable[[str], None]) -> Iterator[None]:
    """Tell `failed` of a wrong call, which goes on to the caller."""
    try:
        yield
    except typer.TyperException as error:
        failed(error.format_message())
        raise


@contextmanager
def crashes_told(failed: Callable[[str], None]) -> Iterator[None]:
    """Tell `failed` of Ctrl-C, and of an error that nobody can mend; both go on to the caller."""
    try:
        yield
    except (typer.TyperException, typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        failed("interrupted")
        raise
    except Exception as error:
        failed(f"{type(error).__name__}: {error}")
        raise


def _plain(value: Any) -> Any:
    """A value as JSON has it: dataclasses and named tuples by their fields, times in ISO 8601, what JSON lacks as text."""
    if isinstance(value, Documented):
        return _plain(value.document())
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview):
        return [_plain(each) for each in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else str(value)
