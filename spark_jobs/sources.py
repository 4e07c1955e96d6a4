"""The files of a run's plan, as the job reads them."""

from collections.abc import Iterable

from pyspark.sql import SparkSession

from catalog import DATASETS, Dataset
from contract.keys import dataset_folder, is_gzip
from contract.plan import Plan, PlannedFile
from spark_jobs.job import Job
from spark_jobs.ranges import Range
from spark_jobs.storage import Folder


class UnexpectedFilesError(Exception):
    """The working zone does not hold the files of the plan."""


def read_plan(spark: SparkSession, job: Job) -> Plan:
    """The plan of the job's run; ValueError if it is another run's."""
    folder, _, name = job.plan.rpartition("/")
    plan = Plan.from_json(Folder.at(folder, spark).read(name))
    if plan.run_id != job.run_id:
        raise ValueError(f"{job.plan} is the plan of run {plan.run_id}, not of {job.run_id}: pass this run's")
    return plan


def files_of(plan: Plan) -> dict[Dataset, list[PlannedFile]]:
    """The files to read of each dataset; ValueError if a file would never be read."""
    files: dict[str | None, list[PlannedFile]] = {dataset.name: [] for dataset in DATASETS}
    for file in filter(plan.has_records, plan.files):
        folder = dataset_folder(plan.run_id, file.dataset or "")
        if file.dataset not in files or not file.target.startswith(folder):
            raise ValueError(
                f"the plan has {file.target} of {file.dataset}: it would never be read. "
                f"Expected {folder} and a dataset of the catalog"
            )
        files[file.dataset].append(file)
    return {dataset: files[dataset.name] for dataset in DATASETS}


def objects_of(files: Iterable[PlannedFile], bucket: str) -> list[Range]:
    """Each file as one range; `bucket` is the URI of the copies' bucket, with a slash at the end."""
    return [
        Range(
            file_number=file.number,
            uri=bucket + file.target,
            size=file.size,
            end=None if is_gzip(file.target) else file.size,
        )
        for file in files
    ]
