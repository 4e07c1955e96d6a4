"""The tables of docs/performance.md, each from one result or from all results of a contest, and the aims."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from benchmarks.contests import ORIGINAL_GENERATOR, OTHERS, OUR_GENERATOR, OURS
from benchmarks.imports import OUR_IMPORT, OUR_IMPORT_OF_A_QUARTER
from benchmarks.measure import Ratio, Usage, median_usage, time_ratio
from benchmarks.results import Result, usages
from benchmarks.shapes import FOUR, MANY, ONE

USAGE_HEADER = ("seconds", "least to greatest", "MB/s", "CPU seconds", "largest process, MB")
_MB = 1_000_000

STAGES = {
    "CopyToWorking": "copy to working",
    "TransformToProcessed": "transform",
    "LoadStaging": "load staging",
    "PublishWarehouse": "publish",
    "Analytics": "analytics",
}
"""The states that work on data, and the words that the page uses for them."""

_WITHIN_OTHERS = ("CopyBatch", "RankAuthors", "RankBooks", "RankReviews")
"""States inside Map and Parallel states: they run at the same time, and the outer state's seconds include theirs."""

_WORTH_A_LINE = 0.05  # seconds

_FULL, _TENTH, _HUNDREDTH = 1.0, 0.1, 0.01

_AGAINST_EARLIER = {0.01: 1.8, 0.000134: 2.1}
"""Scales of loads that are too small for a ratio to DuckDB to say enough, and how many times as long the earlier execution should take."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    rule = ["---", *(["---:"] * (len(header) - 1))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def usage_cells(used: Sequence[Usage], size: int) -> list[str]:
    """The cells below USAGE_HEADER; `size` in bytes."""
    middle, seconds = median_usage(used), [each.seconds for each in used]
    return [
        number(middle.seconds),
        _range(seconds),
        number(speed(size, middle.seconds)),
        number(middle.cpu_seconds),
        f"{middle.peak_rss_bytes / _MB:,.0f}",
    ]


def ratio_cell(ratio: Ratio) -> str:
    """Like `1.9 (1.8 to 2.1)`, or `1.9` if all rounds give the same ratio."""
    spread = f" ({_range([ratio.minimum, ratio.maximum])})" if ratio.minimum < ratio.maximum else ""
    return f"{number(ratio.median)}{spread}"


def number(value: float) -> str:
    """At least three digits: 0.123, 1.23, 12.3, 1,234."""
    for limit, digits in ((1, 3), (10, 2), (100, 1)):
        if abs(value) < limit:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"


def speed(size: int, seconds: float) -> float:
    """MB/s for `size` bytes in `seconds`."""
    return size / _MB / seconds


def size_words(size: int) -> str:
    """Like `12.2 GB` or `122 MB`."""
    return f"{size / 1e9:.3g} GB" if size >= 1_000_000_000 else f"{size / _MB:.3g} MB"  # noqa: PLR2004


def _range(values: Sequence[float]) -> str:
    return f"{number(min(values))} to {number(max(values))}"


def pipeline_section(result: Result) -> str:
    """A table of what each stage used, then a table of every state's seconds."""
    size, states = result["load"]["bytes"], states_of(result)
    rows = [["generator (not part of it)", *usage_cells(usages([result["load"]["generation"]]), size)]]
    rows += [[words, *usage_cells(states[name], size)] for name, words in STAGES.items() if name in states]
    rows.append(["**whole execution**", *usage_cells(executions_of(result), size)])
    if cluster := usages(result["figures"].get("cluster", [])):  # older results have none
        rows.append(
            ["whole execution, its Spark step on a cluster of processes", *usage_cells(cluster, size)]
        )
    return f"{table(('stage', *USAGE_HEADER), rows)}\n\n{_state_table(states)}"


def growth_section(results: Sequence[Result]) -> str:
    """The times of the transform and of the whole execution with each load, the smallest first."""
    rows = [
        [
            f"{result['load']['scale']:g}",
            size_words(size := result["load"]["bytes"]),
            number(transform := median_usage(states_of(result)["TransformToProcessed"]).seconds),
            number(speed(size, transform)),
            number(whole := median_usage(executions_of(result)).seconds),
            number(speed(size, whole)),
            result["date"],
        ]
        for result in reversed(results)
    ]
    header = ("load", "size", "transform, seconds", "MB/s", "whole execution, seconds", "MB/s", "measured on")
    return table(header, rows)


def transform_section(result: Result) -> str:
    """What each contestant used, and its time as a multiple of the pipeline's."""
    size, used = result["load"]["bytes"], result["figures"]["used"]
    ours = usages(used[OURS])
    rows = [[f"**{OURS}**", *usage_cells(ours, size), "1"]]
    for program, words in OTHERS.items():
        theirs = usages(used[program])
        rows.append([words, *usage_cells(theirs, size), ratio_cell(time_ratio(theirs, ours))])
    return table(("", *USAGE_HEADER, "times the pipeline's"), rows)


def rows_section(result: Result) -> str:
    """The result of comparing each contestant's rows with the pipeline's, over all datasets."""
    rows = []
    for program, compared in result["figures"]["rows"].items():
        counts = [
            f"{sum(each[name] for each in compared):,}"
            for name in ("rows", "reference_rows", "tied_rows", "wrong_rows")
        ]
        equal = sum(each["checksum"] == each["reference_checksum"] for each in compared)
        rows.append([OTHERS[program], *counts, f"{equal} of {len(compared)}"])
    header = (
        "",
        "rows",
        "the pipeline's",
        "differ by ties",
        "differ otherwise",
        "datasets with equal checksums",
    )
    return table(header, rows)


def duckdb_section(result: Result) -> str:
    """The whole execution compared with DuckDB."""
    size, pipeline = result["load"]["bytes"], executions_of(result)
    duckdb = usages(result["figures"]["duckdb"])
    rows = [
        ["DuckDB", *usage_cells(duckdb, size), "1"],
        ["**pipeline**", *usage_cells(pipeline, size), ratio_cell(time_ratio(pipeline, duckdb))],
    ]
    return table(("", *USAGE_HEADER, "times DuckDB's"), rows)


def generator_section(result: Result) -> str:
    """faker_tool compared with the original's generator."""
    used, sizes = result["figures"]["used"], result["figures"]["bytes"]
    ours, original = usages(used[OUR_GENERATOR]), usages(used[ORIGINAL_GENERATOR])
    rows = [
        [f"`{OUR_GENERATOR}`", *usage_cells(ours, sizes[OUR_GENERATOR]), "1"],
        [
            ORIGINAL_GENERATOR,
            *usage_cells(original, sizes[ORIGINAL_GENERATOR]),
            ratio_cell(time_ratio(original, ours)),
        ],
    ]
    return table(("", *USAGE_HEADER, f"times {OUR_GENERATOR}'s"), rows)


def imports_section(result: Result) -> str:
    """The imports of research data, each beside DuckDB on the same file."""
    used, sizes = result["figures"]["used"], result["figures"]["bytes"]
    rows = []
    for file, contestants in used.items():
        ours = usages(contestants[OUR_IMPORT])
        for name, entries in contestants.items():
            size = sizes[file] // 4 if name == OUR_IMPORT_OF_A_QUARTER else sizes[file]
            ratio = ratio_cell(time_ratio(ours, usages(entries))) if name.startswith("DuckDB") else ""
            rows.append([f"`{file}`, {name}", *usage_cells(usages(entries), size), ratio])
    return table(("", *USAGE_HEADER, "our time, times its"), rows)


def generated_section(largest: Result, generator: Result) -> str:
    """The generator's speed on a whole load, compared with the original's."""
    load, (ours, original) = largest["load"], generator_speeds(largest, generator)
    return (
        f"`{OUR_GENERATOR}` made the load of {size_words(load['bytes'])} in {number(load['generation']['seconds'])} s, "
        f"{number(ours)} MB/s: {number(ours / original)} times the original's {number(original)} MB/s below."
    )


def generator_speeds(largest: Result, generator: Result) -> tuple[float, float]:
    """MB/s of our generator on the largest load, and of the original's on the small number of records that it can do."""
    load, figures = largest["load"], generator["figures"]
    original = median_usage(usages(figures["used"][ORIGINAL_GENERATOR]))
    return (
        speed(load["bytes"], load["generation"]["seconds"]),
        speed(figures["bytes"][ORIGINAL_GENERATOR], original.seconds),
    )


def executions_of(result: Result) -> list[Usage]:
    """The pipeline's executions, round by round."""
    return usages(run["execution"] for run in result["figures"]["pipeline"])


def states_of(result: Result) -> dict[str, list[Usage]]:
    """What each outer state used, round by round, in order of entry."""
    runs = result["figures"]["pipeline"]
    names = [name for name in runs[0]["states"] if name not in _WITHIN_OTHERS]
    return {name: usages(run["states"][name] for run in runs) for name in names}


def _state_table(states: Mapping[str, Sequence[Usage]]) -> str:
    seconds = {name: median_usage(used).seconds for name, used in states.items()}
    rows = [[f"`{name}`", number(took)] for name, took in seconds.items() if took >= _WORTH_A_LINE]
    return table(
        (f"state ({len(seconds) - len(rows)} more took less than {_WORTH_A_LINE} s)", "seconds"), rows
    )


@dataclass(frozen=True)
class Aim:
    """A measured figure that should be at least `least` or at most `most`."""

    words: str
    measured: float
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the measured figure is within the limits."""
        above = self.least is None or self.measured >= self.least
        return above and (self.most is None or self.measured <= self.most)

    @property
    def wanted(self) -> str:
        """The limit in words."""
        return f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"

    def cells(self, earlier: Mapping[str, "Aim"]) -> list[str]:
        """The aim as a row of the table, with what was measured earlier."""
        before = number(earlier[self.words].measured) if self.words in earlier else ""
        return [
            self.words,
            self.wanted,
            before,
            number(self.measured),
            "met" if self.is_met else "**missed**",
        ]


@dataclass(frozen=True, kw_only=True)
class Results:
    """The results of each contest, the greatest load first."""

    transforms: Sequence[Result] = ()
    pipelines: Sequence[Result] = ()
    generators: Sequence[Result] = ()
    imports: Sequence[Result] = ()
    shapes: Sequence[Result] = ()

    def all(self) -> list[Result]:
        """The results of all contests."""
        return [*self.transforms, *self.pipelines, *self.generators, *self.imports, *self.shapes]


def aims_section(results: Results, earlier: Results) -> str:
    """A row for each aim whose load was measured, beside what was measured earlier; and those that were measured only then."""
    before = {aim.words: aim for aim in _aims(earlier)}
    aims = [*_aims(results), *_against_earlier(results.pipelines, earlier.pipelines)]
    rows = [aim.cells(before) for aim in aims]
    rows += [
        [words, aim.wanted, number(aim.measured), "", "not measured again"]
        for words, aim in before.items()
        if words not in {each.words for each in aims}
    ]
    return table(("", "aim", "earlier", "measured", ""), rows)


def _aims(results: Results) -> Iterator[Aim]:
    for result in _of(results.transforms, _TENTH):
        yield from _against_spark(result)
    for result in _of(results.pipelines, _FULL):
        yield from _whole_load(result)
    for result in _of(results.pipelines, _HUNDREDTH):
        yield from _small_load(result)
    for result in results.shapes:
        yield from _of_shapes(result)
    if results.pipelines and results.generators:
        ours, original = generator_speeds(results.pipelines[0], results.generators[0])
        yield Aim("MB/s of the generator, times the original's", ours / original, least=100)


def _of(results: Sequence[Result], scale: float) -> list[Result]:
    return [result for result in results if result["load"]["scale"] == scale]


def _against_spark(result: Result) -> Iterator[Aim]:
    used = {program: usages(found) for program, found in result["figures"]["used"].items()}
    for program, least in (("original", 4.5), ("idiomatic", 2.4)):
        ratio = time_ratio(used[program], used[OURS]).median
        yield Aim(f"load 0.1: seconds of {OTHERS[program]}, times the transform's", ratio, least=least)


def _whole_load(result: Result) -> Iterator[Aim]:
    executions, duckdb = executions_of(result), usages(result["figures"]["duckdb"])
    of_step = time_ratio(states_of(result)["TransformToProcessed"], duckdb).median
    of_all = time_ratio(executions, duckdb).median
    yield Aim("load 1: seconds of the transform, times DuckDB's for reading and merging", of_step, most=1.8)
    yield Aim("load 1: seconds of the whole execution, times DuckDB's", of_all, most=2.8)
    yield Aim(
        "load 1: MB of the largest process", max(each.peak_rss_bytes for each in executions) / _MB, most=5500
    )


def _small_load(result: Result) -> Iterator[Aim]:
    ratio = time_ratio(executions_of(result), usages(result["figures"]["duckdb"])).median
    yield Aim("load 0.01: seconds of the whole execution, times DuckDB's", ratio, most=5.5)


def _against_earlier(results: Sequence[Result], earlier: Sequence[Result]) -> Iterator[Aim]:
    """The earlier code's seconds as a multiple of the present's, where both were measured on one day."""
    for scale, least in _AGAINST_EARLIER.items():
        for now, then in product(_of(results, scale), _of(earlier, scale)):
            if now["date"] == then["date"]:
                seconds = [median_usage(executions_of(result)).seconds for result in (then, now)]
                words = f"load {scale:g}: seconds of the earlier execution, times the present's"
                yield Aim(words, seconds[0] / seconds[1], least=least)


def _of_shapes(result: Result) -> Iterator[Aim]:
    figures, size = result["figures"], size_words(result["figures"]["bytes"])
    used = {shape: usages(found) for shape, found in figures["used"].items()}
    for shape, most in ((ONE, 1.15), (MANY, 1.25)):
        ratio = time_ratio(used[shape], used[FOUR]).median
        yield Aim(f"{size} of reviews: seconds of {shape}, times those of four", ratio, most=most)
    peak = max(each.peak_rss_bytes for each in usages(figures["task"])) / _MB
    packed, unpacked = size_words(figures["packed_bytes"]), size_words(figures["unpacked_bytes"])
    yield Aim(f"MB of a task with gzip of {packed} that unpacks to {unpacked}", peak, most=1000)


def shapes_section(result: Result) -> str:
    """What an execution used with each shape of the same bytes."""
    figures = result["figures"]
    used = {shape: usages(found) for shape, found in figures["used"].items()}
    rows = [
        [
            f"{shape} ({figures['files'][shape]:,})",
            *usage_cells(found, figures["bytes"]),
            ratio_cell(time_ratio(found, used[FOUR])),
        ]
        for shape, found in used.items()
    ]
    return table((f"{size_words(figures['bytes'])} of reviews", *USAGE_HEADER, "times four files'"), rows)
