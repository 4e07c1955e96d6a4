"""A spark-submit that starts before its step, as an EMR cluster is up before a step comes.

A JVM, a SparkContext and Python workers take longer to start than a small step takes to run. They start while the stacks are
synthesized and deployed. The step is then the deployed script with the deployed code and arguments.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self

WAITING = Path(__file__).with_name("waiting.py")
"""The script of a spark-submit that waits for its step."""


@dataclass(frozen=True)
class Submission:
    """A script of Python for spark-submit: `code` is in --py-files, `settings` are in --conf, `arguments` follow the script."""

    settings: Mapping[str, str]
    code: Sequence[str]
    script: str
    arguments: Sequence[str]

    @classmethod
    def parsed(cls, arguments: Sequence[str]) -> Self | None:
        """From the arguments of spark-submit; None if they ask for more than a Spark that has already started can do."""
        parser = _Parser(add_help=False, allow_abbrev=False)
        parser.add_argument("--deploy-mode", choices=["client"])
        parser.add_argument("--conf", action="append", default=[])
        parser.add_argument("--py-files", default="")
        parser.add_argument("script")
        parser.add_argument("arguments", nargs=argparse.REMAINDER)
        try:
            found = parser.parse_args(arguments)
            settings = dict(setting.split("=", 1) for setting in found.conf)
        except ValueError:
            return None
        return cls(
            settings, [path for path in found.py_files.split(",") if path], found.script, found.arguments
        )

    def note(self, mounts: Mapping[str, str]) -> dict[str, object]:
        """What waiting.py has to know; `mounts` are settings of Hadoop that were not yet known when it started."""
        return {"hadoop": mounts, "code": self.code, "script": self.script, "arguments": self.arguments}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)
