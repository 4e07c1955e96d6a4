"""When the landing zone cannot be used: told once, and once more when it is over."""

import logging
import time

import humanfriendly
from botocore.exceptions import ClientError

from landing.bucket import StoreError

_log = logging.getLogger(__name__)


class Outage:
    """Whether there is one, since when, and of which kind."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._kind: tuple[type | None, str] | None = None

    def goes_on(self, error: StoreError) -> None:
        """Another try has failed; only the first one of a kind is told."""
        if self._since is None:
            self._since = time.monotonic()
        if self._kind != (kind := _kind(error)):
            self._kind = kind
            _log.warning("%s. Files wait in the spool; trying again until it works", error)

    def ends(self) -> None:
        """A try has succeeded, perhaps without any outage before."""
        if self._since is not None:
            lasted = humanfriendly.format_timespan(time.monotonic() - self._since)
            _log.info("the landing zone takes files again, after %s", lasted)
        self._since = self._kind = None


def _kind(error: StoreError) -> tuple[type | None, str]:
    cause = error.__cause__
    code = cause.response["Error"]["Code"] if isinstance(cause, ClientError) else ""
    return (type(cause) if cause else None, code)
