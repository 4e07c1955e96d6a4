"""Whatever kills an uploader, and whenever: the landing zone ends up with each file once, under its own key."""

import multiprocessing
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.stopping import Stop
from capture.uploader.landing_zone import Landing
from capture.uploader.uploader import Uploader
from tests.capture.scratch import scratch
from tests.capture.uploader.zone import Zone, content, finish, finish_many
from tests.local_cloud.waiting import PATIENCE, until

_HOOKS = ("before-call.s3", "after-call.s3")
_BIG = 16 * 1024 * 1024  # more than sockets hold: a kill leaves half of it


class Crash(BaseException):
    """Nothing in the uploader may catch it, as nothing can catch a kill."""


class Victim:
    """A process that uploads a spool, killed at the request that `lives` counts down to."""

    def __init__(self, spool: Path) -> None:
        # Its processes are forks of one without threads that has the imports done.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["capture.uploader.uploader", "capture.uploader.landing_zone"])
        self._spool = spool
        self._process: Any = None
        self.lives = 0
        self.seen: list[str] = []

    def watch(self, moment: str) -> None:
        """What the server calls."""
        self.seen.append(moment)
        self.lives -= 1
        if self.lives == 0:
            pid: int = self._process.pid
            self._process.kill()
            until(lambda: not psutil.pid_exists(pid))
            raise ConnectionAbortedError(
                "the client was killed"
            )  # nothing of it is to reach the next one's count

    def run(self, lives: int, environment: dict[str, str]) -> int:
        """Its exit code: -9 if it was killed."""
        self.lives, self.seen = lives, []
        self._process = self._context.Process(target=upload_once, args=[self._spool, environment])
        self._process.start()
        self._process.join(PATIENCE)
        code: int = self._process.exitcode
        return code


def upload_once(spool: Path, environment: dict[str, str]) -> None:
    """What the process does."""
    import os  # noqa: PLC0415

    os.environ |= environment
    with closing(Stop()) as stop:
        Uploader(spool, Landing.at("s3://landing"), stop).upload_ready()


@pytest.mark.slow
def test_killed_at_every_moment_it_lands_every_file_once_and_whole(spool: Path, tmp_path: Path) -> None:
    files = finish_many(spool, 1) | {"reviews/big.csv": finish(spool, "reviews/big.csv", _BIG // 30)}
    (tmp_path / "zone").mkdir()
    victim = Victim(spool)
    zone = Zone(tmp_path / "zone", victim.watch)
    kills: list[str] = []
    while (code := victim.run(len(kills) + 1, zone.variables())) == -9:
        kills.append(victim.seen[len(kills)])
        assert set(content(spool / "ready")) | set(zone.content()) == set(files)
    assert code == 0
    assert {"PUT asked", "PUT done", "PUT answered", "HEAD asked", "HEAD done", "HEAD answered"} <= set(kills)
    assert zone.content() == files
    assert content(spool / "ready") == {}
    zone.down()


@pytest.fixture(scope="module")
def shared_zone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zone]:
    """One for all examples, each of which empties it."""
    with pytest.MonkeyPatch.context() as patched:
        zone = Zone(tmp_path_factory.mktemp("zone"))
        for name, value in zone.variables().items():
            patched.setenv(name, value)
        yield zone
    zone.down()


_STEPS = st.lists(
    st.one_of(st.just("finish"), st.just("upload"), st.just("pipeline takes"), st.integers(1, 12)),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=60)
@given(steps=_STEPS)
def test_in_any_order_of_files_crashes_uploads_and_runs_of_the_pipeline_each_file_is_landed(
    shared_zone: Zone, steps: list[str | int]
) -> None:
    """A number is a crash at that call of S3."""
    fuse = 0

    def burn(**_: Any) -> None:
        nonlocal fuse
        fuse -= 1
        if fuse == 0:
            raise Crash

    landing = Landing.at("s3://landing")
    for hook in _HOOKS:
        landing.s3.meta.events.register(hook, burn)
    finished: dict[str, bytes] = {}
    taken: dict[str, bytes] = {}
    with scratch() as spool, closing(Stop()) as stop:
        for step in [*steps, "upload", "pipeline takes"]:
            match step:
                case "finish":
                    key = f"reviews/{len(finished):04}.csv"
                    finished[key] = finish(spool, key, rows=len(finished))
                case "pipeline takes":
                    for key, body in shared_zone.content().items():
                        assert taken.setdefault(key, body) == body
                        (shared_zone.bucket / key).unlink()
                case _:
                    fuse = step if isinstance(step, int) else 0
                    with suppress(Crash):
                        Uploader(spool, landing, stop).upload_ready()
        assert content(spool / "ready") == {}
    assert taken == finished
