"""The header of a text whose columns a test knows."""

from contract.header import HEADER_BYTES, header_of
from spark_jobs.csv_reader import Text


def skip_header(text: Text) -> None:
    """Go from the beginning of a file to its first record, whatever the names in the header are."""
    text.fill(HEADER_BYTES)
    start = bytes(text.window[:HEADER_BYTES])
    text.drop(header_of(start, is_whole=text.at_end and len(start) < HEADER_BYTES).size)
