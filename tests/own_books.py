"""The commands of the README's second example: from a Goodreads profile to the run's page."""

import shlex

from stacks import ROOT


def commands() -> list[list[str]]:
    """Each command in words, without the comment behind it."""
    _, _, after = (ROOT / "README.md").read_text(encoding="utf-8").partition("**Your own books**")
    _, block, _ = after.split("```", 2)
    return [shlex.split(line, comments=True) for line in block.strip().splitlines()]


def query() -> list[str]:
    """The arguments of `pipeline` in the command that shows the best books."""
    (found,) = [words[1:] for words in commands() if words[0] == ".venv/bin/pipeline"]
    return found
