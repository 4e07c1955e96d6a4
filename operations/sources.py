"""What a run is to process: a folder of files, a reader's library export, shelves on Goodreads, or made-up data."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import humanize
import typer
from rich.text import Text

from capture.follower.feeds import GOODREADS, READ, feeds_of, has_key, key_in_environment, named
from catalog import REVIEWS
from command_line.counting import counted
from landing.folder import files_of
from operations.errors import OperationError
from operations.terminal import complaints, console

DEFAULT_SIZE = "20MB"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the files of a run come from; at most one of `data`, `library` and `follow` is given. `size` (bytes) is for made-up data.

    `user` is the name and `user_id` the number on Goodreads, if it is known, of the reader whose export `library` is.

    `follow` are readers, by number or by the address of the profile, as people type them: also several in one text. Their shelves are
    asked for at `goodreads`.

    Raises typer.BadParameter if what is given does not fit together.
    """

    data: Path | None
    library: Path | None
    user: str | None
    size: int
    follow: Sequence[str] = ()
    goodreads: str = GOODREADS
    user_id: int | None = None

    def __post_init__(self) -> None:
        given = [
            f"the folder {self.data}" if self.data else "",
            f"--library {self.library}" if self.library else "",
            "--follow" if self.readers else "",
        ]
        if len(found := list(filter(None, given))) > 1:
            raise typer.BadParameter(
                f"found {' and '.join(found)}, expected one of them; land both with two runs"
            )
        if self.follow and not self.readers:
            raise typer.BadParameter(
                "--follow names nobody; give the number of a reader or the address of the profile, or leave it out"
            )
        if any(map(has_key, self.readers)):
            raise typer.BadParameter(
                "an address with a key is a secret, and everybody on this machine can read command lines; set GOODREADS_FEED_KEY"
            )
        if self.library and not (self.user and self.user.strip()):
            raise typer.BadParameter(
                "--library needs the name that the reviews are to have: --user NAME (make: READER=NAME)"
            )
        if (self.user or self.user_id is not None) and not self.library:
            raise typer.BadParameter(
                "--user and --user-id go with --library FILE (make: LIBRARY=FILE), which is not given"
            )

    @property
    def readers(self) -> list[str]:
        """The readers to follow, each by itself."""
        return [reader for each in self.follow for reader in each.replace(",", " ").split()]

    def files(self, scratch: Path, kept: Path) -> Path | None:
        """The folder with the files; None if nothing on the followed shelves has changed since the last run.

        What has to be made is written to `scratch`, what the next run has to know of shelves below `kept`. Raises OperationError and StoreError.
        """
        folder = self.data
        if self.library and self.user:
            folder = _imported(self.library, self.user, self.user_id, scratch)
        elif self.readers:
            return _followed(self.readers, self.goodreads, self._spool(kept))
        elif folder is None:
            folder = _made_up(scratch, self.size)
        files_of(folder)
        return folder

    def landed(self, files: Path) -> None:
        """Note that the files are in the landing zone: captured files go, so that the next run does not land them again."""
        if self.readers:
            for path in files_of(files):
                path.unlink()

    def window_start(self, kept: Path) -> str | None:
        """The first day of a window that holds the reviews of an export or of shelves; None if the usual window does, up to now, or for other sources."""
        captured = self._captured(kept)
        usual = timedelta(days=REVIEWS.fresh_within_days or 0)
        return f"{captured:%Y-%m-%d}" if captured and captured < datetime.now(UTC) - usual else None

    def _captured(self, kept: Path) -> datetime | None:
        """When an export was made, or the oldest version of a shelf captured."""
        if self.library:
            from capture.library.importing import exported_at  # noqa: PLC0415 - DuckDB and Arrow, half a second

            return exported_at(self.library)
        if self.readers:
            from capture.follower.memory import oldest_version  # noqa: PLC0415 - the same

            return oldest_version(self._spool(kept))
        return None

    def _spool(self, kept: Path) -> Path:
        """The spool for the readers of one site; another site has other readers under the same numbers."""
        site = urlsplit(self.goodreads)
        return kept / (f"{site.hostname}-{site.port}" if site.port else f"{site.hostname}")

    def arguments(self, default_size: int) -> Sequence[str]:
        """The source as it is given to the command."""
        if self.library and self.user:
            number = ["--user-id", str(self.user_id)] if self.user_id is not None else []
            return ["--library", str(self.library), "--user", self.user, *number]
        if self.readers:
            place = ["--goodreads", self.goodreads] if self.goodreads != GOODREADS else []
            return [*(part for reader in self.readers for part in ("--follow", reader)), *place]
        if self.data:
            return [str(self.data)]
        return ["--size", str(self.size)] if self.size != default_size else []


def _imported(library: Path, user: str, user_id: int | None, folder: Path) -> Path:
    from capture.errors import CaptureError  # noqa: PLC0415 - see _captured
    from capture.library.command import left_out, namesakes, summary  # noqa: PLC0415
    from capture.library.importing import exported_at, import_export  # noqa: PLC0415
    from capture.library.records import Reader  # noqa: PLC0415
    from landing.stores import FolderStore  # noqa: PLC0415

    try:
        now = datetime.now(UTC)
        with console.doing(f"importing {library}"):
            imported = import_export(
                library, Reader(user, user_id), FolderStore(folder), min(exported_at(library), now), now
            )
    except OSError as error:
        if error.filename != str(library):
            raise
        raise OperationError(
            f"{library} cannot be read: {error.strerror}. Expected the file that Goodreads makes at My Books, Import and export, Export library"
        ) from None
    except (CaptureError, ValueError) as error:
        raise OperationError(str(error)) from None
    console.print(Text(f"{library.name}: {summary(imported)}"))
    if user_id is None:
        console.print(Text(namesakes(user)))
    if imported.faults:
        complaints.print(Text(left_out(imported.faults)))
    if not imported.books:
        raise OperationError(
            f"{library} has no book that can be read, expected a row for each book on the shelves; "
            "put a book on a shelf or see the lines above, then download the file again"
        )
    return folder


def _followed(readers: Sequence[str], goodreads: str, spool: Path) -> Path | None:
    """Read the readers' shelves once, into the spool of these runs, whose finished files lie as in the landing zone.

    None if there are no such files: nothing has changed, and no run before has left any.
    """
    from capture.errors import CaptureError, SpoolInUse  # noqa: PLC0415 - see _captured
    from capture.follower.command import followed_once, summary  # noqa: PLC0415
    from capture.stopping import Stop  # noqa: PLC0415

    try:
        feeds = feeds_of(named(readers, "--follow, name"), [READ], key_in_environment(), goodreads)
        shown = ", ".join(dict.fromkeys(feed.user_id for feed in feeds))
        with console.doing(f"reading the shelves of {shown}"), closing(Stop()) as stop:
            follower = followed_once(feeds, spool, goodreads, stop)
    except SpoolInUse:
        raise OperationError(
            "another run reads shelves into this state folder; wait for it to end, or give another folder: --state"
        ) from None
    except (CaptureError, ValueError) as error:
        raise OperationError(str(error)) from None
    waiting = any((spool / "ready").rglob("*.csv"))
    if not (waiting or follower.seen):
        reasons = [f"{feed}: {reason}" for feed, reason in follower.troubles.items()]
        unread = [
            f"{feed}: expected reviews, found {len(marks)} that cannot be read; the lines above have the reasons"
            for feed, marks in follower.unread.items()
        ]
        told = {*follower.troubles, *follower.unread}
        empty = [f"{feed} is empty" for feed in feeds if feed not in told]
        raise OperationError("; ".join([*reasons, *unread, *empty]))
    console.print(Text(summary(follower)))
    for feed, reason in follower.troubles.items():
        complaints.print(Text(f"{feed} could not be read: {reason}"))
    if not waiting:
        console.print("nothing on the shelves has changed since the last run")
        return None
    return spool / "ready"


def _made_up(folder: Path, size: int) -> Path:
    from faker_tool.generate import generate  # noqa: PLC0415 - half a second that a run of given files need not spend

    with console.doing(f"making up {humanize.naturalsize(size)} of data"):
        try:
            made = generate(folder, size=size, records=None, force=True)
        except ValueError as error:
            raise OperationError(f"--size: {error}") from None
    console.print(f"made up {counted(made.records, 'record')}, {humanize.naturalsize(made.bytes)}")
    return folder
