"""The error that commands tell a person in one line, without a stack trace."""


class OperationError(Exception):
    """The user can mend this; the message says what was found and what to do."""
