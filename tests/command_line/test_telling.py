"""How a command ends that cannot go on."""

import errno
import io
import signal
from collections.abc import Iterator

import pytest
from rich.console import Console

from command_line.telling import interruptible, told


class SpoolError(Exception):
    pass


class LostError(SpoolError):
    pass


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=20)


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """A command changes how its process takes signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_an_error_that_a_person_can_mend_is_one_line_however_narrow_the_terminal_is(console: Console) -> None:
    with pytest.raises(SystemExit) as ended, told(console, ValueError, SpoolError):
        raise LostError("the spool data[old] is in use; end the other collector")
    assert ended.value.code == 1
    assert said(console) == "error: the spool data[old] is in use; end the other collector\n"


def test_any_other_error_is_left_to_python(console: Console) -> None:
    with pytest.raises(KeyError), told(console, SpoolError):
        raise KeyError("a mistake in the code")
    assert said(console) == ""


@pytest.mark.parametrize(
    ("error", "told_as"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/a.csv"), "disk full: {} free in /data; "),
        (RuntimeError("ENOSPC: no space left on device, copyfile"), "disk full: ENOSPC: no space left"),
        (
            RuntimeError("PutObject: disk full: 0 bytes free in x\nat ..."),
            "PutObject: disk full: 0 bytes free in x",
        ),
    ],
)
def test_a_full_disk_is_told_in_one_line_whatever_met_it(
    console: Console, error: Exception, told_as: str
) -> None:
    before, _, after = told_as.partition("{}")
    with pytest.raises(SystemExit) as ended, told(console):
        raise error
    assert ended.value.code == 1
    assert said(console).startswith(f"error: {before}")
    assert after in said(console)
    assert said(console).count("\n") == 1


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_interrupted_says_so_and_ends_as_shells_expect(
    console: Console, ending: signal.Signals
) -> None:
    with pytest.raises(SystemExit) as ended, interruptible(console, "interrupted"):
        signal.raise_signal(ending)
    assert ended.value.code == 130
    assert said(console) == "interrupted\n"


def test_a_command_that_only_ctrl_c_ends_has_not_failed(console: Console) -> None:
    with pytest.raises(SystemExit) as ended, interruptible(console, "the endpoint is down", code=0):
        raise KeyboardInterrupt
    assert ended.value.code == 0
