"""Where the commands write, and how they end when they cannot go on."""

import errno
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from command_line import telling
from command_line.answers import Answers
from landing.errors import StoreError
from local_cloud.errors import LocalCloudError
from operations.account import aws_told
from operations.errors import OperationError

_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)} - {ord("\n")}
_DIRECTIONS = {0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)}
_HARMFUL = dict.fromkeys(_CONTROLS | _DIRECTIONS)
"""A terminal obeys these characters instead of showing them: a title could clear the screen, or reverse the rest of its line.
Rich counts no cell for them, so columns stay aligned without them."""


_UNUSABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
"""What the system says of a path where nobody may write, or where a file is in the way of a folder."""


class Terminal(Console):
    """The terminal of a command: it shows texts of the data as text, and answers with one JSON document if that is asked for.

    With `--json` the answer alone goes to stdout; everything else goes to stderr.
    """

    def __init__(self, *, stderr: bool = False, as_json: bool = False) -> None:
        stream = sys.stderr if stderr or as_json else sys.stdout
        # FORCE_COLOR makes a log colourful, but a log is still no place for moving lines
        super().__init__(stderr=stderr or as_json, force_interactive=None if stream.isatty() else False)
        self.answers = Answers()
        self.answers.choose(as_json=as_json)

    def choose(self, *, as_json: bool) -> None:
        """Begin a command: with `as_json` it answers in JSON. Looks at the streams and the environment anew."""
        self.__dict__ = Terminal(as_json=as_json).__dict__  # as rich.reconfigure does

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As in Rich, without characters that a terminal obeys."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=segment.text.translate(_HARMFUL))

    @property
    def as_json(self) -> bool:
        """Whether the command answers in JSON."""
        return self.answers.as_json

    def answer(self, document: Mapping[str, Any], show: Callable[[], None]) -> None:
        """The command's result: the document with `--json`, else what `show` prints."""
        self.answers.give(document, show)

    def failed(self, message: str) -> None:
        """The answer of a command that cannot go on; nothing without `--json`."""
        self.answers.failed(message)

    def confirm(self, question: str) -> None:
        """Ask whether to go on; a no ends the command."""
        if self.as_json:
            raise OperationError("--json cannot ask whether to go on: give --yes as well")
        typer.confirm(question, abort=True)

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Show what is done while the block runs: beside a spinner on a terminal, else as a line."""
        if self.is_interactive:
            with self.status(Text(what)):
                yield
        else:
            self.print(Text(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {what}"), soft_wrap=True)
            yield


console = Terminal()
complaints = Terminal(stderr=True)

_INTERRUPTED = "[bold]interrupted[/]: files that were not published are still in the landing zone; the next run takes them"


@contextmanager
def told(*, farewell: str = _INTERRUPTED, interrupted: int = telling.INTERRUPTED) -> Iterator[None]:
    """Tell a mendable error in one line and exit with 1; after Ctrl-C print `farewell` and exit with `interrupted`.

    With `--json` the error is the command's answer as well.
    """
    with (
        telling.interruptible(complaints, farewell, interrupted),
        telling.told(complaints, OperationError, LocalCloudError, StoreError, also=console.failed),
        aws_told(),
        _unusable_paths_told(),
    ):
        try:
            yield
        except KeyboardInterrupt:
            console.failed("interrupted")
            raise


@contextmanager
def _unusable_paths_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _UNUSABLE or not error.filename:
            raise
        raise OperationError(
            f"{error.filename} cannot be used: {error.strerror}. Give a folder that you may write to, with --state"
        ) from error
