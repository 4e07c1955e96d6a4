"""Contestants in turns, and how they compare."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.measure import Usage

log = logging.getLogger("benchmarks")


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
