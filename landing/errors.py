"""What can go wrong on the way to a landing zone."""


class StoreError(Exception):
    """The folder or bucket cannot be used; the message says why and what to do."""
