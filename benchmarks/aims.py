"""What was aimed at, and what was measured of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.results import Result, usages
from benchmarks.rounds import median_usage, time_ratio
from benchmarks.sections import executions_of, generator_speeds, states_of
from benchmarks.tables import number, table
from benchmarks.transform import OTHERS, OURS

_FULL, _TENTH, _HUNDREDTH = 1.0, 0.1, 0.01


@dataclass(frozen=True)
class Aim:
    """Something measured that shall be at least, or at most, a number."""

    words: str
    measured: float
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether it is so."""
        above = self.least is None or self.measured >= self.least
        return above and (self.most is None or self.measured <= self.most)

    def cells(self) -> list[str]:
        """A row of the table."""
        wanted = f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"
        return [self.words, wanted, number(self.measured), "met" if self.is_met else "**missed**"]


def aims_section(
    transforms: Sequence[Result], pipelines: Sequence[Result], generators: Sequence[Result]
) -> str:
    """A row for each aim whose load was measured."""
    found = [
        *(aim for result in _of(transforms, _TENTH) for aim in _against_spark(result)),
        *(aim for result in _of(pipelines, _FULL) for aim in _whole_load(result)),
        *(aim for result in _of(pipelines, _HUNDREDTH) for aim in _small_load(result)),
    ]
    if pipelines and generators:
        ours, original = generator_speeds(pipelines[0], generators[0])
        found.append(Aim("MB/s of the generator, times the original's", ours / original, least=100))
    return table(("", "aim", "measured", ""), [aim.cells() for aim in found])


def _of(results: Sequence[Result], scale: float) -> list[Result]:
    return [result for result in results if result["load"]["scale"] == scale]


def _against_spark(result: Result) -> Iterator[Aim]:
    used = {program: usages(found) for program, found in result["figures"]["used"].items()}
    for program, least in (("original", 4.5), ("idiomatic", 2.0)):
        ratio = time_ratio(used[program], used[OURS]).median
        yield Aim(f"load 0.1: seconds of {OTHERS[program]}, times the transform's", ratio, least=least)


def _whole_load(result: Result) -> Iterator[Aim]:
    executions, duckdb = executions_of(result), usages(result["figures"]["duckdb"])
    ratio = time_ratio(states_of(result)["TransformToProcessed"], duckdb).median
    yield Aim("load 1: seconds of the transform, times DuckDB's for reading and merging", ratio, most=3)
    yield Aim("load 1: seconds of the whole execution", median_usage(executions).seconds, most=240)
    yield Aim(
        "load 1: MB of the largest process", max(each.peak_rss_bytes for each in executions) / 1e6, most=8000
    )


def _small_load(result: Result) -> Iterator[Aim]:
    yield Aim(
        "load 0.01: seconds of the whole execution", median_usage(executions_of(result)).seconds, most=60
    )
