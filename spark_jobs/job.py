"""The job's arguments, and each dataset's part of a run."""

import argparse
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import SparkSession

from catalog import Dataset
from contract.keys import dataset_folder


@dataclass(frozen=True, kw_only=True)
class Job:
    """The arguments of one run; `plan`, `processed` and `quarantine` are URIs without a trailing slash."""

    run_id: str
    fencing_token: int
    started: datetime
    plan: str
    processed: str
    quarantine: str

    @property
    def working(self) -> str:
        """The URI of the bucket of the copies, with a slash at the end: the plan is in the run's folder there."""
        return f"{self.plan.rsplit('/', 2)[0]}/"


@dataclass(frozen=True)
class DatasetRun:
    """One dataset's part of a run, and of the cores. `place` is its place by size: the greatest dataset has 0."""

    spark: SparkSession
    job: Job
    dataset: Dataset
    cores: int
    place: int = 0

    @property
    def pool(self) -> str:
        """The scheduler's pool of the dataset. Of pools with equally many tasks at work Spark takes the first one by name."""
        return f"{self.place} {self.dataset.name}"

    @property
    def working(self) -> str:
        """The URI of the folder of the copies."""
        return f"{self.job.working}{dataset_folder(self.job.run_id, self.dataset.name)}"

    @property
    def processed(self) -> str:
        """The URI of the folder for the newest versions."""
        return f"{self.job.processed}/{self.dataset.name}"

    @property
    def quarantine(self) -> str:
        """The URI of the folder for the rejects."""
        return f"{self.job.quarantine}/{self.dataset.name}"


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
