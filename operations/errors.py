"""What the commands tell a person instead of a stack trace."""


class OperationError(Exception):
    """Something the user can mend; the message says what was found and what to do."""
