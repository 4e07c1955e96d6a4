"""The error of reading or writing a store."""


class StoreError(Exception):
    """A folder or a bucket cannot be used. The message says why and what to do."""
