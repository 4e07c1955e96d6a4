"""Measures what a process and its descendants use, and compares contestants that take turns."""

import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Self

import psutil

from benchmarks import BenchmarkError
from local_cloud.processes import end_tree
from stacks import ROOT

_SAMPLE_SECONDS = 0.2
_TAIL_CHARACTERS = 1500

log = logging.getLogger("benchmarks")


@dataclass(frozen=True)
class Usage:
    """Wall and CPU time in seconds, and memory in bytes: CPU time of all processes, memory of the largest process.

    The memory is sampled five times a second: a peak between two samples is missed.
    """

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


@dataclass(frozen=True)
class Sample:
    """A look at a process tree: `time` in seconds since 1970, CPU seconds so far, bytes of the largest process now."""

    time: float
    cpu_seconds: float
    rss_bytes: int


@dataclass(frozen=True)
class Measured:
    """What a process used from its start to its end, and the samples of it."""

    usage: Usage
    samples: tuple[Sample, ...]


def measure(command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end, in the checkout; its output goes to `log`.

    Raises BenchmarkError with the end of the log if the command fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT, env=environment
        )
        with _Sampler(process) as sampler:
            usage = _ended(process, started)
    if process.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace")[-_TAIL_CHARACTERS:]
        raise BenchmarkError(f"{command[0]} ended with {process.returncode}; the end of {log} is\n{tail}")
    return Measured(_with_samples(usage, sampler.samples), tuple(sampler.samples))


def during(samples: Sequence[Sample], first: float, last: float) -> Usage:
    """What was used between two times; if no sample lies between them, the nearest sample counts."""
    inside = [sample for sample in samples if first <= sample.time <= last]
    around = [min(samples, key=lambda sample: abs(sample.time - last))] if samples else []
    cpu = _cpu_at(samples, last) - _cpu_at(samples, first)
    rss = max((sample.rss_bytes for sample in inside or around), default=0)
    return Usage(last - first, cpu, rss)


def _ended(process: "subprocess.Popen[bytes]", started: float) -> Usage:
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        end_tree(process)
        raise
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    # ru_maxrss is of no use: a child inherits the peak of the process that forked it
    return Usage(seconds, used.ru_utime + used.ru_stime, 0)


def _with_samples(usage: Usage, samples: Sequence[Sample]) -> Usage:
    # wait4's figure is exact but omits children that nobody waited for, such as Spark's Python daemon
    cpu_seconds = max([usage.cpu_seconds, *(sample.cpu_seconds for sample in samples)])
    return Usage(usage.seconds, cpu_seconds, max((sample.rss_bytes for sample in samples), default=0))


def _cpu_at(samples: Sequence[Sample], moment: float) -> float:
    """CPU seconds used up to `moment`, interpolated between the samples before and after it."""
    before = next((sample for sample in reversed(samples) if sample.time <= moment), None)
    after = next((sample for sample in samples if sample.time > moment), None)
    if before is None or after is None:
        known = before or after
        return known.cpu_seconds if known else 0.0
    share = (moment - before.time) / (after.time - before.time)
    return before.cpu_seconds + share * (after.cpu_seconds - before.cpu_seconds)


class _Sampler:
    """Context manager that samples a process and its descendants until the block ends."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.samples: list[Sample] = []
        self._pid = process.pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sampler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        used: dict[psutil.Process, float] = {}  # keeps ended processes too, with the last figure seen
        while not self._over.is_set():
            try:
                root = psutil.Process(self._pid)
                family = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            figures = {member: found for member in family if (found := _figures(member))}
            used |= {member: cpu for member, (cpu, _) in figures.items()}
            largest = max((rss for _, rss in figures.values()), default=0)
            self.samples.append(Sample(time.time(), sum(used.values()), largest))
            self._over.wait(_SAMPLE_SECONDS)


def _figures(process: psutil.Process) -> tuple[float, int] | None:
    """CPU seconds and memory in bytes of one process without its children; None if it has ended."""
    try:
        with process.oneshot():
            times = process.cpu_times()
            return times.user + times.system, process.memory_info().rss
    except psutil.NoSuchProcess:
        return None


@dataclass(frozen=True)
class Ratio:
    """How many times as long one contestant took as the other, over all rounds."""

    median: float
    minimum: float
    maximum: float


def in_turns(contestants: Mapping[str, Callable[[], Usage]], runs: int) -> dict[str, list[Usage]]:
    """Run all contestants in turns (A B C A B C), so that a slow minute of the machine hits all; returns what each used."""
    used: dict[str, list[Usage]] = {name: [] for name in contestants}
    for number in range(1, runs + 1):
        for name, run in contestants.items():
            used[name].append(run())
            log.info("round %s of %s, %s: %.1f s", number, runs, name, used[name][-1].seconds)
    return used


def median_usage(used: Sequence[Usage]) -> Usage:
    """The median of each figure, taken separately."""
    return Usage(
        median(each.seconds for each in used),
        median(each.cpu_seconds for each in used),
        int(median(each.peak_rss_bytes for each in used)),
    )


def time_ratio(slower: Sequence[Usage], faster: Sequence[Usage]) -> Ratio:
    """Divide the wall times of two contestants round by round. Raises ValueError if their numbers of rounds differ."""
    quotients = [one.seconds / other.seconds for one, other in zip(slower, faster, strict=True)]
    return Ratio(median(quotients), min(quotients), max(quotients))
