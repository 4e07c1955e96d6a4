"""Moves finished files from the spool to the landing zone, and keeps trying.

A file is claimed, uploaded under the key that its path gives, verified, and only then removed. If an uploader dies
before that, the file stays, and the next uploader repeats the upload under the same key with the same bytes.
"""

import logging
import time
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import humanize
from botocore.exceptions import ClientError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from capture.errors import SpoolError
from capture.spool.spool import finish_abandoned
from capture.stopping import Stop
from capture.uploader.landing_zone import Landing, NotUploaded
from capture.uploader.ready import ReadyFile, claim, survey
from command_line.counting import counted
from landing.errors import StoreError

_LONGEST_PAUSE = 300.0  # seconds between two tries while the landing zone cannot be used
_log = logging.getLogger(__name__)


class Outage:
    """Remembers whether the landing zone has an outage, since when, and of which kind; logs its beginning and end."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._kind: tuple[type | None, str] | None = None

    def goes_on(self, error: StoreError) -> None:
        """Note a failed try; only the first failure of each kind is logged."""
        if self._since is None:
            self._since = time.monotonic()
        if self._kind != (kind := _kind(error)):
            self._kind = kind
            _log.warning("%s. Files wait in the spool; trying again until it works", error)

    def ends(self) -> None:
        """Note a try that succeeded, with or without an outage before it."""
        if self._since is not None:
            lasted = humanize.precisedelta(time.monotonic() - self._since, format="%.0f")
            _log.info("the landing zone takes files again, after %s", lasted)
        self._since = self._kind = None


def _kind(error: StoreError) -> tuple[type | None, str]:
    cause = error.__cause__
    code = cause.response["Error"]["Code"] if isinstance(cause, ClientError) else ""
    return (type(cause) if cause else None, code)


@dataclass
class Totals:
    """What an uploader did: files and bytes uploaded, and failed tries."""

    files: int = 0
    bytes: int = 0
    failures: int = 0

    def __str__(self) -> str:
        return f"{counted(self.files, 'file')} uploaded, {humanize.naturalsize(self.bytes)}"


class Uploader:
    """Uploads the finished files of a spool. Several uploaders may work on one spool, in one process or in many."""

    def __init__(self, spool: Path, landing: Landing, stop: Stop) -> None:
        self.totals = Totals()
        self._spool = spool
        self._landing = landing
        self._stop = stop
        self._outage = Outage()
        self._is_checked = False
        self._said: set[str] = set()

    def upload_ready(self) -> None:
        """Upload the files that are ready now, except files that other uploaders have claimed.

        First, the open files of a dead collector become ready. Raises StoreError if the landing zone cannot be used, and SpoolError
        if an uploaded file cannot be removed.
        """
        if not self._is_checked:
            self._landing.check()
            self._is_checked = True
        self._finish_abandoned()
        surveyed = survey(self._spool / "ready")
        for sentence in surveyed.strange:
            self._say_once(sentence)
        for ready in surveyed.files:
            if self._stop.is_set():
                return
            self._upload_unless_claimed(ready)

    def keep_uploading(self, every: float) -> None:
        """Look for ready files every `every` seconds and upload them, until the stop is set.

        While the landing zone cannot be used, it keeps trying, with pauses that grow from `every` to five minutes.
        """
        while not self._stop.is_set():
            self._patiently(every)(self._try)
            self._stop.wait(every)

    def _try(self) -> None:
        if self._stop.is_set():
            return
        self.upload_ready()
        self._outage.ends()

    def _patiently(self, every: float) -> Retrying:
        def told(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, StoreError):
                self._outage.goes_on(error)
                self._is_checked = False

        def pause(seconds: float) -> None:
            self._stop.wait(seconds)

        return Retrying(
            retry=retry_if_exception_type(StoreError),
            wait=wait_random_exponential(multiplier=every, max=max(every, _LONGEST_PAUSE)),
            sleep=pause,
            stop=lambda _: self._stop.is_set(),
            before_sleep=told,
            retry_error_callback=lambda _: None,
        )

    def _finish_abandoned(self) -> None:
        if not self._spool.is_dir():
            self._fail(
                f"there is no folder {self._spool}; expected the folder that the collector was given as --spool"
            )
            return
        try:
            finish_abandoned(self._spool)
        except SpoolError as error:  # files that are ready already can still be uploaded
            self._fail(str(error))

    def _upload_unless_claimed(self, ready: ReadyFile) -> None:
        try:
            file = claim(ready.path)
        except (BlockingIOError, FileNotFoundError):
            return
        except OSError as error:
            self._fail(
                f"{ready.path} cannot be read: {error.strerror}; it stays there until this user may read it"
            )
            return
        with file:
            try:
                self._upload(file, ready)
            except NotUploaded as error:
                self._fail(str(error))

    def _upload(self, file: BufferedReader, ready: ReadyFile) -> None:
        size = self._landing.put(file, ready.key)
        self._outage.ends()
        try:
            ready.path.unlink()
        except OSError as error:
            raise SpoolError(
                f"{ready.path} was uploaded and cannot be removed: {error.strerror}; let this user write to its folder"
            ) from error
        self.totals.files += 1
        self.totals.bytes += size
        _log.info("uploaded %s, %s", ready.key, humanize.naturalsize(size))

    def _fail(self, sentence: str) -> None:
        self.totals.failures += 1
        self._say_once(sentence)

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            _log.warning(sentence)
