"""Random choices, always the same for the same thing."""

import random
from decimal import Decimal

from capture.simulated.model import Prose
from faker_tool.texts import ENTRIES, LOCALES, pools

_ASIDES = (
    "I <3 it & I'd read it again.",
    'She said "no", he said >yes<.',
    "Q&A; then R&D &c.",
    "😀 Ünïcödé",
)


class Draw:
    """Random choices for one thing; all its texts are of one locale."""

    def __init__(self, *what: object) -> None:
        self.random = random.Random("/".join(map(str, what)))  # noqa: S311 - made-up data, nothing secret
        self._locale = self.random.randrange(len(LOCALES))

    def chance(self, share: float) -> bool:
        """True in that share of the cases."""
        return self.random.random() < share

    def number(self, low: int, high: int) -> int:
        """From low to high, both included."""
        return self.random.randint(low, high)

    def texts(self, *pool_names: str) -> list[str]:
        """From each pool the entry with one drawn number: a name and its slug belong together."""
        entry = self._locale * ENTRIES + self.random.randrange(ENTRIES)
        return [pools()[name].texts[entry].as_py().replace('""', '"').strip() for name in pool_names]

    def prose(self, most: int) -> Prose:
        """Up to that many paragraphs; some with what is easily mistaken for a tag or an entity."""
        paragraphs = [self.texts("sentence")[0] for _ in range(self.number(0, most))]
        return Prose(
            (*paragraphs, self.random.choice(_ASIDES)) if paragraphs and self.chance(0.4) else (*paragraphs,)
        )

    def rating(self) -> Decimal:
        """An average of ratings."""
        return Decimal(self.number(250, 500)) / 100

    def uploaded(self) -> int | None:
        """When a picture was uploaded, or None; one in two."""
        return self.number(1_200_000_000, 1_580_000_000) if self.chance(0.5) else None
