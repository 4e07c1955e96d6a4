"""A chunk: a fixed number of consecutive records, as the random draws behind them."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from zlib import crc32

import numpy as np
import numpy.typing as npt

from catalog import Dataset

ROWS = 16_384
"""Records in a chunk: about 6 MB of reviews, small enough to queue and large enough to vectorise."""

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")


def random_numbers(dataset: Dataset, number: int, *, seed: int, purpose: str = "") -> np.random.Generator:
    """Random numbers for chunk `number` of the dataset: a separate stream for each purpose."""
    stream = (crc32(dataset.name.encode()), number, *purpose.encode())
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=stream)))


class Chunk:
    """Chunk `number` of a dataset's endless stream of records.

    A chunk depends on its arguments only, so any process can draw any chunk. `until`, with a time zone, ends the
    period in which the records were captured. Without `with_quotes`, texts have apostrophes instead of quotes.
    """

    def __init__(
        self, dataset: Dataset, number: int, *, seed: int, until: datetime, with_quotes: bool = True
    ) -> None:
        self.dataset = dataset
        self.until = until
        self.rng = random_numbers(dataset, number, seed=seed)
        self.with_quotes = with_quotes
        self.shared: dict[tuple[Any, ...], Any] = {}


def shared(
    draw: Callable[Concatenate[Chunk, Arguments], Made],
) -> Callable[Concatenate[Chunk, Arguments], Made]:
    """Decorator: makes a draw once per chunk and arguments, so that all columns that use the draw agree."""

    @wraps(draw)
    def once(chunk: Chunk, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Made:
        key = (draw, args, *kwargs.items())
        if key not in chunk.shared:
            chunk.shared[key] = draw(chunk, *args, **kwargs)
        made: Made = chunk.shared[key]
        return made

    return once
