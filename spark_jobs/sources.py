"""The files of a run's plan, as the job reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import SparkSession

from contract.keys import is_gzip
from contract.plan import Layout, Plan, PlannedFile
from spark_jobs.job import Job
from spark_jobs.ranges import Range
from spark_jobs.storage import Folder


class UnexpectedFilesError(Exception):
    """The working zone does not hold the files of the plan."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Files of one layout."""

    layout: Layout
    files: tuple[PlannedFile, ...]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)


def read_plan(spark: SparkSession, job: Job) -> Plan:
    """The plan of the job's run; ValueError if it is another run's, or does not fit the catalog."""
    folder, _, name = job.plan.rpartition("/")
    plan = Plan.from_json(Folder.at(folder, spark).read(name))
    if plan.run_id != job.run_id:
        raise ValueError(f"{job.plan} is the plan of run {plan.run_id}, not of {job.run_id}: pass this run's")
    return plan


def sources_of(plan: Plan) -> list[Source]:
    """All sources of the plan.

    ValueError if a file is in no layout's folder, although it is neither empty nor has a problem.
    """
    of_layout: dict[Layout, list[PlannedFile]] = {layout: [] for layout in plan.layouts}
    for file in plan.files:
        if file.problem or plan.is_empty(file):
            continue
        home = next((layout for layout in of_layout if file.target.startswith(layout.folder)), None)
        if home is None or home.dataset.name != file.dataset:
            raise ValueError(
                f"the plan has no layout of {file.dataset} for {file.target}: it would never be read. "
                f"Its layouts are {', '.join(layout.prefix for layout in of_layout) or 'none'}"
            )
        of_layout[home].append(file)
    return [Source(layout=layout, files=tuple(kept)) for layout, kept in of_layout.items() if kept]


def objects_of(sources: Sequence[Source]) -> list[Range]:
    """Each object of the sources as one range."""
    return [
        Range(
            file_number=file.number,
            source=index,
            uri=source.layout.uri(file),
            size=file.size,
            end=None if is_gzip(file.target) else file.size,
        )
        for index, source in enumerate(sources)
        for file in source.files
    ]
