"""Figures as Markdown."""

from collections.abc import Sequence

from benchmarks.measure import Usage
from benchmarks.rounds import Ratio, median_usage

USAGE_HEADER = ("seconds", "least to greatest", "MB/s", "CPU seconds", "largest process, MB")
_MB = 1_000_000


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; all columns but the first are numbers."""
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
    """Like `1.9 (1.8 to 2.1)`, or `1.9` where all rounds say the same."""
    spread = f" ({_range([ratio.minimum, ratio.maximum])})" if ratio.minimum < ratio.maximum else ""
    return f"{number(ratio.median)}{spread}"


def number(value: float) -> str:
    """Three digits or more that say something: 0.123, 1.23, 12.3, 1,234."""
    for limit, places in ((1, 3), (10, 2), (100, 1)):
        if abs(value) < limit:
            return f"{value:.{places}f}"
    return f"{value:,.0f}"


def speed(size: int, seconds: float) -> float:
    """MB/s of bytes in seconds."""
    return size / _MB / seconds


def size_words(size: int) -> str:
    """Like `12.2 GB` or `122 MB`."""
    return f"{size / 1e9:.3g} GB" if size >= 1_000_000_000 else f"{size / _MB:.3g} MB"  # noqa: PLR2004


def _range(values: Sequence[float]) -> str:
    return f"{number(min(values))} to {number(max(values))}"
