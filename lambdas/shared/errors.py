"""Errors a person has to act on. Their class names are the error names in the state machine.

PipelineError
├── InvalidExecutionInput   the execution was started with values that cannot be used
├── MigrationRefusedError   the catalog asks for a change of the tables that cannot be made
├── DataQualityError        a check found violations
└── NotPublishedError       the ledger does not hold the run whose files were to be acknowledged
"""


class PipelineError(Exception):
    """Base of the pipeline's own errors."""


class InvalidExecutionInput(PipelineError):  # noqa: N818 - reads as what Step Functions shows
    """The execution's name or input cannot be used."""


class MigrationRefusedError(PipelineError):
    """The catalog asks for a change of the tables that cannot be made."""


class DataQualityError(PipelineError):
    """A data-quality check found violations."""


class NotPublishedError(PipelineError):
    """The ledger does not hold the run."""
