"""What the commands tell a person instead of a stack trace."""


class LocalCloudError(Exception):
    """The user can correct this; the message says what was found and what to do."""
