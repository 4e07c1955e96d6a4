"""What a process and all that it starts cost, and how contestants that take turns compare."""

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

from benchmarks import ROOT, BenchmarkError
from local_cloud.processes import end_tree

_SAMPLE_SECONDS = 0.2
_TAIL_CHARACTERS = 1500

log = logging.getLogger("benchmarks")


@dataclass(frozen=True)
class Usage:
    """Wall and CPU time in seconds; the CPU time is that of all processes, the memory that of the largest one.

    The memory is what was seen of it: a peak between two looks, a fifth of a second apart, is missed.
    """

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


@dataclass(frozen=True)
class Sample:
    """A look at a process tree: `time` since 1970, CPU seconds so far, bytes of the largest process now."""

    time: float
    cpu_seconds: float
    rss_bytes: int


@dataclass(frozen=True)
class Measured:
    """A process that has ended, and how it went."""

    usage: Usage
    samples: tuple[Sample, ...]


def measure(command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end in the checkout; its output goes to `log`.

    BenchmarkError with the end of the log if it fails.
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
    """What happened between two times; where no sample fell in between, from the ones around."""
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
    # its ru_maxrss is of no use: a child starts with the peak of the process that has forked it
    return Usage(seconds, used.ru_utime + used.ru_stime, 0)


def _with_samples(usage: Usage, samples: Sequence[Sample]) -> Usage:
    # the system's own figure is exact, but leaves out a child that nobody has waited for, such as Spark's Python daemon
    cpu_seconds = max([usage.cpu_seconds, *(sample.cpu_seconds for sample in samples)])
    return Usage(usage.seconds, cpu_seconds, max((sample.rss_bytes for sample in samples), default=0))


def _cpu_at(samples: Sequence[Sample], moment: float) -> float:
    """CPU seconds used up to a time, in a straight line between the samples around it."""
    before = next((sample for sample in reversed(samples) if sample.time <= moment), None)
    after = next((sample for sample in samples if sample.time > moment), None)
    if before is None or after is None:
        known = before or after
        return known.cpu_seconds if known else 0.0
    share = (moment - before.time) / (after.time - before.time)
    return before.cpu_seconds + share * (after.cpu_seconds - before.cpu_seconds)


class _Sampler:
    """Looks at a process and its descendants until the block ends."""

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
        used: dict[psutil.Process, float] = {}  # of those too that have ended, as they were seen last
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
    """CPU seconds of a process without its children, and its bytes; None if it has ended."""
    try:
        with process.oneshot():
            times = process.cpu_times()
            return times.user + times.system, process.memory_info().rss
    except psutil.NoSuchProcess:
        return None


@dataclass(frozen=True)
class Ratio:
    """How many times as long one took as the other, over the rounds."""

    median: float
    minimum: float
    maximum: float


def in_turns(contestants: Mapping[str, Callable[[], Usage]], runs: int) -> dict[str, list[Usage]]:
    """What each contestant used in each round: A B C A B C, so that a slow minute of the machine hits all."""
    used: dict[str, list[Usage]] = {name: [] for name in contestants}
    for number in range(1, runs + 1):
        for name, run in contestants.items():
            used[name].append(run())
            log.info("round %s of %s, %s: %.1f s", number, runs, name, used[name][-1].seconds)
    return used


def median_usage(used: Sequence[Usage]) -> Usage:
    """The median of each figure by itself."""
    return Usage(
        median(each.seconds for each in used),
        median(each.cpu_seconds for each in used),
        int(median(each.peak_rss_bytes for each in used)),
    )


def time_ratio(slower: Sequence[Usage], faster: Sequence[Usage]) -> Ratio:
    """Wall time of one by that of the other, round by round; ValueError if they had different numbers of rounds."""
    quotients = [one.seconds / other.seconds for one, other in zip(slower, faster, strict=True)]
    return Ratio(median(quotients), min(quotients), max(quotients))
