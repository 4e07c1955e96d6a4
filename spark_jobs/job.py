"""The job's arguments."""

import argparse
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Job:
    """The arguments of one run; `plan`, `processed` and `quarantine` are URIs without a trailing slash."""

    run_id: str
    fencing_token: int
    started: datetime
    plan: str
    processed: str
    quarantine: str


def job_from(arguments: list[str]) -> Job:
    """The job of a command line; argparse ends the process with usage if an argument is missing."""
    parser = argparse.ArgumentParser(prog="transform.py")
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--fencing-token", required=True, type=int)
    parser.add_argument("--started", required=True, type=instant)
    parser.add_argument("--plan", required=True)
    parser.add_argument("--processed", required=True)
    parser.add_argument("--quarantine", required=True)
    return Job(**vars(parser.parse_args(arguments)))


def instant(text: str) -> datetime:
    """An ISO 8601 time with its offset, like 2020-02-19T21:38:16.690Z; ValueError if it has none."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} has no offset: end it with Z if it is UTC")
    return time
