"""What can go wrong while capturing.

CaptureError
├── SpoolError    the local spool cannot be used
│   └── SpoolInUse    another process is using it
├── KeyRefused    Goodreads does not accept the key
├── NotThere      Goodreads has no such page
├── Away          a reader's shelf cannot be seen
│   └── Refused       Goodreads forbids it: to this machine, or to everybody without a key
└── Unavailable   no usable answer; asking again may help
    └── NotAFeed      the answer is no shelf feed
"""


class CaptureError(Exception):
    """The message says what was found, what was expected and what to do."""


class SpoolError(CaptureError):
    """The spool is in use, damaged or full, or this process may not write to it."""


class SpoolInUse(SpoolError):  # noqa: N818 - a condition with a name of its own
    """Another process holds the spool."""


class KeyRefused(CaptureError):  # noqa: N818 - a condition with a name of its own
    """Goodreads answered 401 or 403."""


class NotThere(CaptureError):  # noqa: N818 - a condition with a name of its own
    """Goodreads answered 404 or 410: the review was deleted, or the address is wrong."""


class Away(CaptureError):  # noqa: N818 - a condition with a name of its own
    """The reader has left, shows the shelf to nobody, or never existed: the site answers, only not with this shelf."""


class Refused(Away):
    """Goodreads answered 403: the shelf is private, or the site refuses this machine. One answer does not tell which."""


class Unavailable(CaptureError):  # noqa: N818 - a condition with a name of its own
    """No connection, no answer in time, a server error, or an answer that is not the expected XML.

    `pause` is the number of seconds that the server asks to wait before the next try, or 0 if it does not say.
    """

    def __init__(self, message: str, pause: float = 0) -> None:
        super().__init__(message)
        self.pause = pause


class NotAFeed(Unavailable):
    """The answer is a page for people in place of a shelf feed: Goodreads is overloaded, or the shelf cannot be seen."""


class Stopped(Exception):  # noqa: N818 - no error
    """The process was asked to end while it was waiting."""
