"""Counts in sentences."""


def counted(number: int, noun: str, several: str | None = None) -> str:
    """The number with its noun: "1 book", "1,651 books"; `several` is a plural that does not end in s."""
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"
