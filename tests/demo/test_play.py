"""The course of the demo, without its parts."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demo import play
from demo.figures import Figures
from demo.play import Play
from demo.stage import DemoError, Stage, Worker
from tests.demo.made_up import execution, figures


class Recorder:
    """Stands in for workers, schedule and observer; `did` is what was asked of them, in order."""

    def __init__(self, looks: list[Figures]) -> None:
        self.did: list[str] = []
        self._looks = looks

    def look(self) -> Figures:
        self.did.append("look")
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]

    def publish(self, reviews: int) -> None:
        self.did.append(f"publish {reviews}")

    def close(self) -> None:
        self.did.append("close schedule")

    def worker(self, name: str) -> Worker:
        recorder = self

        class Recorded(Worker):
            def start(self) -> None:
                recorder.did.append(f"start {name}")

            def kill(self) -> None:
                recorder.did.append(f"kill {name}")

            def finish(self, seconds: float) -> None:  # noqa: ARG002 - the worker's signature
                recorder.did.append(f"finish {name}")

        return Recorded(name, [], Path())

    def stage(self) -> Stage:
        any_other: Any = None
        recorder: Any = self
        return Stage(
            folder=any_other,
            goodreads=recorder,
            collector=self.worker("collector"),
            uploader=self.worker("uploader"),
            schedule=recorder,
            observer=recorder,
        )


def test_the_workers_end_only_when_what_they_have_to_do_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "_LOOK_SECONDS", 0)
    recorder = Recorder(
        [
            figures(captured=9),
            figures(spooled_files=1),
            figures(spooled_files=1),
            figures(),
            figures(runs=(execution("last", "RUNNING"),)),
            figures(),
        ]
    )
    told: list[str] = []
    shown: list[Figures] = []
    Play(recorder.stage(), shown.append, told.append).drain()
    assert recorder.did == [
        *("look", "look", "finish collector"),
        *("look", "look", "finish uploader", "close schedule"),
        *("look", "look"),
    ]
    assert [now.captured for now in shown] == [9, 10, 10, 10, 10, 10]
    assert told == ["no more reviews are published; waiting until the published ones have come through"]


def test_both_workers_are_killed_and_all_is_published_even_if_the_time_is_over_before_anybody_could_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = iter([0.0, 6.0])
    monkeypatch.setattr(play, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    recorder = Recorder([figures(published=2)])
    Play(recorder.stage(), lambda _: None, lambda _: None).publish(6)
    kills = ["kill collector", "start collector", "kill uploader", "start uploader"]
    assert recorder.did == [*kills, "look", "publish 10"]


def test_what_is_stuck_ends_the_demo_with_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "_LOOK_SECONDS", 0)
    monkeypatch.setattr(play, "_DRAIN_SECONDS", 0)
    recorder = Recorder([figures(captured=9)])
    with pytest.raises(DemoError, match=r"some reviews are still not captured after 0 s: .*captured=9"):
        Play(recorder.stage(), lambda _: None, lambda _: None).drain()
    assert "finish collector" not in recorder.did


def test_each_worker_is_killed_once_and_started_again() -> None:
    recorder = Recorder([figures()])
    told: list[str] = []
    scenes = Play(recorder.stage(), lambda _: None, told.append)
    kills = [(10.0, recorder.worker("collector")), (20.0, recorder.worker("uploader"))]
    for elapsed in (9.0, 10.0, 11.0, 25.0, 30.0):
        kills = scenes._kill_due(kills, elapsed)  # noqa: SLF001 - the clock is not waited for
    assert recorder.did == ["kill collector", "start collector", "kill uploader", "start uploader"]
    assert told == [
        "the collector was killed (SIGKILL) and started again",
        "the uploader was killed (SIGKILL) and started again",
    ]
