"""Becomes a command that ends when the process that holds the leash has ended, however that one ended.

    python -IS leash.py 5 2 spark-submit --master ...    file descriptor 5 is the leash: a pipe that only its holder can write to

The command replaces this process. Beside it stays a watcher, which ends with the command. Once the holder is gone, its end of
the pipe is closed; the watcher sees that, asks the command's whole process group to end, and kills it after 2 seconds. It works for SIGKILL, on Linux and on
macOS. Linux's PR_SET_PDEATHSIG would not do: it goes by the thread that started the child, and the threads of state machines
end before the children do. Standard library only, and little of it: it runs before each child.
"""

import os
import select
import signal
import sys


def main() -> None:
    leash, grace_seconds, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    command_ended, held_by_command = os.pipe()
    if os.fork() == 0:
        _close_all_but(leash, command_ended)
        _watch(leash, command_ended, grace_seconds)
        os._exit(0)
    os.close(leash)
    os.close(command_ended)
    os.set_inheritable(held_by_command, True)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606 - the command is this program's purpose


def _watch(leash: int, command_ended: int, grace_seconds: int) -> None:
    """Wait until the holder or the command has ended; in the first case end the command."""
    ends = select.poll()
    for descriptor in (leash, command_ended):
        ends.register(descriptor, select.POLLIN)
    if any(descriptor == command_ended for descriptor, _ in ends.poll()):
        return
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    ends.unregister(leash)
    ends.poll(1000 * grace_seconds)
    os.killpg(0, signal.SIGKILL)


def _close_all_but(*kept: int) -> None:
    """Whoever reads what the command writes waits for its end, not for the watcher's."""
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - without the time that pathlib takes to load
        if int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:  # the one by which the folder was read
                continue


if __name__ == "__main__":
    main()
