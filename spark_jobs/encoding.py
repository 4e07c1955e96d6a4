"""UTF-8 that is checked: Spark replaces bytes that are none by U+FFFD, which may also be in the data.

Files are therefore read as ISO-8859-1, where every byte is one character and nothing gets lost; the structure of
CSV is ASCII and the same in both.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

BYTES = "ISO-8859-1"
_REPLACEMENT = "\ufffd"


def decoded(raw: Column) -> Column:
    """The text that the bytes of `raw` are in UTF-8, U+FFFD for those that are none; NULL if all are ASCII.

    NULL, because `raw` itself is the text then, and most values are: see `text_of`.
    """
    return F.when(F.octet_length(raw) != F.char_length(raw), F.decode(F.encode(raw, BYTES), "UTF-8"))


def is_not_utf8(raw: Column, text: Column) -> Column:
    """Whether `text`, which is `decoded(raw)`, has lost bytes; NULL if that is NULL."""
    return text.contains(_REPLACEMENT) & (text.cast("binary") != F.encode(raw, BYTES))


def text_of(raw: Column) -> Column:
    """`raw` as UTF-8 text, with U+FFFD for bytes that are none."""
    return F.coalesce(decoded(raw), raw)


def has_lost_bytes(raw: Column) -> Column:
    """Whether the bytes of `raw` are not UTF-8; false for NULL."""
    return F.coalesce(is_not_utf8(raw, decoded(raw)), F.lit(False))


def any_has_lost_bytes(raw: Column) -> Column:
    """The same of any value of a map."""
    return F.exists(F.map_values(raw), has_lost_bytes)


def texts_of(raw: Column) -> Column:
    """The values of a map as UTF-8 text."""
    return F.transform_values(raw, lambda _, value: text_of(value))
