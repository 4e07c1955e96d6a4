"""What can go wrong while capturing.

CaptureError
├── SpoolError    the local spool cannot be used
│   └── SpoolInUse    by another process
├── KeyRefused    Goodreads does not take the key
├── NotThere      Goodreads has no such page
└── Unavailable   no usable answer; asking again may help
"""


class CaptureError(Exception):
    """The message says what was found, what was expected and what to do."""


class SpoolError(CaptureError):
    """The spool is in use, damaged, full or may not be written."""


class SpoolInUse(SpoolError):  # noqa: N818 - a condition with a name of its own
    """Another process holds the spool."""


class KeyRefused(CaptureError):  # noqa: N818 - a condition with a name of its own
    """401 or 403."""


class NotThere(CaptureError):  # noqa: N818 - a condition with a name of its own
    """404 or 410: the review was deleted, or the address is wrong."""


class Unavailable(CaptureError):  # noqa: N818 - a condition with a name of its own
    """No connection, no answer in time, an error of the server, or something that is not the XML it should be.

    `pause` is how many seconds the server asks to wait before the next try, 0 if it does not say.
    """

    def __init__(self, message: str, pause: float = 0) -> None:
        super().__init__(message)
        self.pause = pause


class Stopped(Exception):  # noqa: N818 - no error
    """Somebody asked the process to end while it was waiting."""
