"""The course of the demo: reviews appear, workers are killed, and in the end every review must have arrived."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demo.figures import Figures
from demo.stage import DemoError, Stage, Worker

_REVIEWS_PER_SECOND = 2.0  # the API's feed shows the newest 30: a killed collector must be back within 15 s
_LOOK_SECONDS = 0.5
_DRAIN_SECONDS = 600


@dataclass(frozen=True)
class Play:
    """Runs the demo on a stage; `show` gets the figures at each look, `tell` gets a line about each event."""

    stage: Stage
    show: Callable[[Figures], None]
    tell: Callable[[str], None]

    def publish(self, seconds: float) -> None:
        """Let reviews appear for `seconds`; kill the collector after a third of that time, the uploader after two thirds."""
        kills = [(seconds / 3, self.stage.collector), (2 * seconds / 3, self.stage.uploader)]
        started = time.monotonic()
        while (elapsed := time.monotonic() - started) < seconds:
            figures = self._look()
            self.stage.goodreads.publish(int(elapsed * _REVIEWS_PER_SECOND) - figures.published)
            kills = self._kill_due(kills, elapsed)
            time.sleep(_LOOK_SECONDS)
        # a look may have taken so long that some of it was missed
        self._kill_due(kills, seconds)
        self.stage.goodreads.publish(int(seconds * _REVIEWS_PER_SECOND) - self._look(check=False).published)

    def drain(self) -> None:
        """Wait until every published review is in the landing zone and no run is under way.

        The workers are stopped as a deployment would stop them. Raises DemoError if something is stuck.
        """
        self.tell("no more reviews are published; waiting until the published ones have come through")
        self._until(lambda now: now.captured == now.published, "some reviews are still not captured")
        self.stage.collector.finish(_DRAIN_SECONDS)
        self._until(lambda now: not now.spooled_files, "some files are still not uploaded")
        self.stage.uploader.finish(_DRAIN_SECONDS)
        self.stage.schedule.close()
        self._until(lambda now: not now.is_running, "a run has still not ended")

    def _kill_due(self, kills: Sequence[tuple[float, Worker]], elapsed: float) -> list[tuple[float, Worker]]:
        for moment, worker in kills:
            if elapsed >= moment:
                worker.kill()
                worker.start()
                self.tell(f"the {worker.name} was killed (SIGKILL) and started again")
        return [(moment, worker) for moment, worker in kills if elapsed < moment]

    def _until(self, condition: Callable[[Figures], bool], complaint: str) -> None:
        deadline = time.monotonic() + _DRAIN_SECONDS
        while not condition(figures := self._look(check=False)):
            if time.monotonic() > deadline:
                raise DemoError(f"{complaint} after {_DRAIN_SECONDS} s: {figures}")
            time.sleep(_LOOK_SECONDS)

    def _look(self, *, check: bool = True) -> Figures:
        if check:
            for worker in (self.stage.collector, self.stage.uploader):
                worker.check()
        figures = self.stage.observer.look()
        self.show(figures)
        return figures
