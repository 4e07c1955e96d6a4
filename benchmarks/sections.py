"""The tables of docs/performance.md, each from one result or from all of a contest."""

from collections.abc import Mapping, Sequence

from benchmarks.generation import ORIGINAL
from benchmarks.generation import OURS as OUR_GENERATOR
from benchmarks.measure import Usage
from benchmarks.results import Result, usages
from benchmarks.rounds import median_usage, time_ratio
from benchmarks.tables import USAGE_HEADER, number, ratio_cell, size_words, speed, table, usage_cells
from benchmarks.transform import OTHERS, OURS

STAGES = {
    "CopyToWorking": "copy to working",
    "TransformToProcessed": "transform",
    "LoadStaging": "load staging",
    "PublishWarehouse": "publish",
    "Analytics": "analytics",
}
"""The states that work on data, and what the page calls them."""

_WITHIN_OTHERS = ("CopyBatch", "RankAuthors", "RankBooks")
"""States of Map and Parallel states: they run at the same time, and in those their seconds count already."""

_WORTH_A_LINE = 0.05  # seconds


def pipeline_section(result: Result) -> str:
    """What each stage used, then every state's seconds."""
    size, states = result["load"]["bytes"], states_of(result)
    rows = [["generator (not part of it)", *usage_cells(usages([result["load"]["generation"]]), size)]]
    rows += [[words, *usage_cells(states[name], size)] for name, words in STAGES.items() if name in states]
    rows.append(["**whole execution**", *usage_cells(executions_of(result), size)])
    return f"{table(('stage', *USAGE_HEADER), rows)}\n\n{_state_table(states)}"


def growth_section(found: Sequence[Result]) -> str:
    """Transform and whole execution of each load, the smallest first."""
    rows = [
        [
            f"{result['load']['scale']:g}",
            size_words(size := result["load"]["bytes"]),
            number(transform := median_usage(states_of(result)["TransformToProcessed"]).seconds),
            number(speed(size, transform)),
            number(whole := median_usage(executions_of(result)).seconds),
            number(speed(size, whole)),
        ]
        for result in reversed(found)
    ]
    return table(("load", "size", "transform, seconds", "MB/s", "whole execution, seconds", "MB/s"), rows)


def transform_section(result: Result) -> str:
    """What each contestant used."""
    size, used = result["load"]["bytes"], result["figures"]["used"]
    ours = usages(used[OURS])
    rows = [[f"**{OURS}**", *usage_cells(ours, size), "1"]]
    for program, words in OTHERS.items():
        theirs = usages(used[program])
        rows.append([words, *usage_cells(theirs, size), ratio_cell(time_ratio(theirs, ours))])
    return table(("", *USAGE_HEADER, "times the pipeline's"), rows)


def rows_section(result: Result) -> str:
    """What the comparison of rows has found, over all datasets."""
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
    """The whole execution beside DuckDB."""
    size, pipeline = result["load"]["bytes"], executions_of(result)
    duckdb = usages(result["figures"]["duckdb"])
    rows = [
        ["DuckDB", *usage_cells(duckdb, size), "1"],
        ["**pipeline**", *usage_cells(pipeline, size), ratio_cell(time_ratio(pipeline, duckdb))],
    ]
    return table(("", *USAGE_HEADER, "times DuckDB's"), rows)


def generator_section(result: Result) -> str:
    """faker_tool beside the original's way."""
    used, sizes = result["figures"]["used"], result["figures"]["bytes"]
    ours, original = usages(used[OUR_GENERATOR]), usages(used[ORIGINAL])
    rows = [
        [f"`{OUR_GENERATOR}`", *usage_cells(ours, sizes[OUR_GENERATOR]), "1"],
        [ORIGINAL, *usage_cells(original, sizes[ORIGINAL]), ratio_cell(time_ratio(original, ours))],
    ]
    return table(("", *USAGE_HEADER, f"times {OUR_GENERATOR}'s"), rows)


def generated_section(largest: Result, generator: Result) -> str:
    """The generator's speed on a whole load, beside the original's."""
    load, (ours, original) = largest["load"], generator_speeds(largest, generator)
    return (
        f"`{OUR_GENERATOR}` made the load of {size_words(load['bytes'])} in {number(load['generation']['seconds'])} s, "
        f"{number(ours)} MB/s: {number(ours / original)} times the original's {number(original)} MB/s below."
    )


def generator_speeds(largest: Result, generator: Result) -> tuple[float, float]:
    """MB/s of the generator on a whole load, and of the original's on as many records as it could be given."""
    load, figures = largest["load"], generator["figures"]
    original = median_usage(usages(figures["used"][ORIGINAL]))
    return (
        speed(load["bytes"], load["generation"]["seconds"]),
        speed(figures["bytes"][ORIGINAL], original.seconds),
    )


def executions_of(result: Result) -> list[Usage]:
    """The pipeline's executions, round by round."""
    return usages(run["execution"] for run in result["figures"]["pipeline"])


def states_of(result: Result) -> dict[str, list[Usage]]:
    """What each state used, round by round, in order of entry; without those within others."""
    runs = result["figures"]["pipeline"]
    names = [name for name in runs[0]["states"] if name not in _WITHIN_OTHERS]
    return {name: usages(run["states"][name] for run in runs) for name in names}


def _state_table(states: Mapping[str, Sequence[Usage]]) -> str:
    seconds = {name: median_usage(used).seconds for name, used in states.items()}
    rows = [[f"`{name}`", number(took)] for name, took in seconds.items() if took >= _WORTH_A_LINE]
    return table(
        (f"state ({len(seconds) - len(rows)} more took less than {_WORTH_A_LINE} s)", "seconds"), rows
    )
