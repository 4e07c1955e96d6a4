"""The functions' environment: their variables, read once and typed, and Powertools for logs and metrics."""

import os
from dataclasses import dataclass

from contract.plan import Limits


def metrics_namespace(deployment: str) -> str:
    """The namespace of a deployment's own metrics. Two deployments in one account do not ring each other's alarms."""
    return f"GoodreadsPipeline/{deployment}"


POWERTOOLS_LAYER = "/aws/service/powertools/python/arm64/python3.14/3.37.0"
"""AWS's public parameter; its value is the ARN of the Powertools layer in the region. The version is that of requirements.txt."""


DRAWING = "DRAWING"
"""The variable of the function of the report: the S3 URI of the state machine's drawing."""


@dataclass(frozen=True)
class Environment:
    """Settings that every function gets from the pipeline stack."""

    landing_bucket: str
    working_bucket: str
    quarantine_bucket: str
    reports_bucket: str
    batch_max_files: int
    batch_max_bytes: int
    copy_files_per_task: int
    copy_bytes_per_task: int
    analytics_window_days: int
    statements_role_arn: str

    @classmethod
    def read(cls) -> "Environment":
        """From os.environ; KeyError names a variable that is missing."""
        return cls(
            landing_bucket=os.environ["LANDING_BUCKET"],
            working_bucket=os.environ["WORKING_BUCKET"],
            quarantine_bucket=os.environ["QUARANTINE_BUCKET"],
            reports_bucket=os.environ["REPORTS_BUCKET"],
            batch_max_files=int(os.environ["BATCH_MAX_FILES"]),
            batch_max_bytes=int(os.environ["BATCH_MAX_BYTES"]),
            copy_files_per_task=int(os.environ["COPY_FILES_PER_TASK"]),
            copy_bytes_per_task=int(os.environ["COPY_BYTES_PER_TASK"]),
            analytics_window_days=int(os.environ["ANALYTICS_WINDOW_DAYS"]),
            statements_role_arn=os.environ["STATEMENTS_ROLE_ARN"],
        )

    @property
    def batch_limits(self) -> Limits:
        """The limits of one run."""
        return Limits(self.batch_max_files, self.batch_max_bytes)

    @property
    def task_limits(self) -> Limits:
        """The limits of one copy task."""
        return Limits(self.copy_files_per_task, self.copy_bytes_per_task)

    def as_variables(self) -> dict[str, str]:
        """The variables from which `read` makes the same environment."""
        return {name.upper(): str(value) for name, value in vars(self).items()}
