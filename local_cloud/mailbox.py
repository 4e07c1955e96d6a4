"""A folder of e-mails, one file each, numbered in the order in which they were sent."""

import os
import threading
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from landing.aside import written_aside

_SUFFIX = ".eml"

FORM = policy.SMTP.clone(max_line_length=998)
"""Lines as long as RFC 5322 allows: a mail is read in its file too, and folded lines are hard to read."""


@dataclass(frozen=True)
class Mail:
    """One e-mail of the mailbox; `number` is its place in the order of sending, from 1."""

    number: int
    message: EmailMessage

    @property
    def sent(self) -> datetime:
        """When it was sent."""
        return parsedate_to_datetime(str(self.message["Date"]))

    @property
    def subject(self) -> str:
        """The subject, on one line."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """The body."""
        return str(self.message.get_content()).replace("\r\n", "\n")


class Mailbox:
    """The files `000001.eml`, `000002.eml`, ... of a folder; the next endpoint counts on from there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one_at_a_time = threading.Lock()

    def put(self, message: EmailMessage) -> Path:
        """Write an e-mail, down to the disk; its file."""
        with self._one_at_a_time:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{max(self._numbers(), default=0) + 1:06}{_SUFFIX}"
            with written_aside(path) as partial, partial.open("wb") as file:
                file.write(message.as_bytes(policy=FORM))
                file.flush()
                os.fsync(file.fileno())
        return path

    def mails(self) -> list[Mail]:
        """All e-mails, the oldest first."""
        return [self.mail(number) for number in self.numbers()]

    def mail(self, number: int) -> Mail:
        """One e-mail; KeyError if there is none of that number."""
        try:
            return Mail(number, _read(self._folder / f"{number:06}{_SUFFIX}"))
        except FileNotFoundError:
            raise KeyError(number) from None

    def numbers(self) -> list[int]:
        """The numbers of all e-mails, the oldest first."""
        return sorted(self._numbers())

    def _numbers(self) -> list[int]:
        return [int(path.stem) for path in self._folder.glob(f"[0-9]*{_SUFFIX}")]


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), EmailMessage, policy=FORM)
