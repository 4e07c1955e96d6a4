"""What becomes of texts: the tables that the rules are held to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from catalog import VERSION, Column, Dataset, Type

STARTED = datetime(2020, 2, 19, 12, tzinfo=UTC)
RULES = frozenset({"encoding", "range", "required", "too_long", "type"})
TIMESTAMPS = (Type.TIMESTAMP, Type.OFFSET_TIMESTAMP)


@dataclass(frozen=True)
class Case:
    """Texts of one column, each with its value or with the name of the rule that it breaks.

    A lone surrogate in a text stands for a byte that is not UTF-8. Timestamps are as Spark writes them, in UTC.
    """

    column: Column
    expected: Mapping[str | None, Any]


def things(*columns: Column) -> Dataset:
    """A dataset of these columns, with a key that has nothing to do with them."""
    key = Column(name="row", type=Type.BIGINT, required=True)
    further = () if VERSION in columns else (VERSION,)
    return Dataset(
        name="things", landing_name="thing", key="row", sort_key="row", columns=(key, *columns, *further)
    )


_OF_1900_TO_2099: dict[Type, dict[str | None, Any]] = {
    Type.TIMESTAMP: {
        "1900-01-01 00:00:00": "1900-01-01 00:00:00",
        "2099-12-31 23:59:59.999999": "2099-12-31 23:59:59.999999",
        "1899-12-31T23:30:00-01:00": "1900-01-01 00:30:00",
        "1899-12-31 23:59:59.999999": "range",
        "2100-01-01 00:00:00": "range",
        "1900-01-01T00:30:00+01:00": "range",
        "0001-01-01 00:00:00": "range",
    },
    Type.OFFSET_TIMESTAMP: {
        "Mon Jan 01 00:00:00 +0000 1900": "1900-01-01 00:00:00",
        "Thu Dec 31 23:59:59 +0000 2099": "2099-12-31 23:59:59",
        "Sun Dec 31 23:30:00 -0100 1899": "1900-01-01 00:30:00",
        "Sun Dec 31 23:59:59 +0000 1899": "range",
        "Fri Jan 01 00:00:00 +0000 2100": "range",
        "Mon Jan 01 00:30:00 +0100 1900": "range",
        "Mon Jan 01 00:00:00 +0000 0001": "range",
    },
}

CASES: dict[str, Case] = {
    "integers keep integral values and reject everything else": Case(
        Column(name="n", type=Type.INTEGER, minimum=-5, maximum=2147483647),
        {
            "12": 12,
            " 12\t": 12,
            "+7": 7,
            "-3": -3,
            "1.0": 1,
            "3.": 3,
            "2147483647.000": 2147483647,
            "": None,
            None: None,
            "-6": "range",
            "2147483648": "type",
            "1.5": "type",
            "1.0000001": "type",
            ".": "type",
            "1e5": "type",
            "0x1F": "type",
            "1 2": "type",
            "1,000": "type",
            "NaN": "type",
            "None": "type",
        },
    ),
    "identifiers use all 64 bits and never wrap": Case(
        Column(name="n", type=Type.BIGINT, minimum=0, maximum=9223372036854775807),
        {
            "9223372036854775807": 9223372036854775807,
            "9223372036854775807.0": 9223372036854775807,
            "9007199254740993.0": 9007199254740993,
            "9223372036854775808": "type",
            "123456789012345678901234567890": "type",
            "-1": "range",
        },
    ),
    "ratings are bounded exactly and then rounded half up": Case(
        Column(name="r", type=Type.RATING, minimum=0, maximum=5),
        {
            "4.05": Decimal("4.05"),
            "5": Decimal("5.00"),
            "4.123": Decimal("4.12"),
            "4.125": Decimal("4.13"),
            "4.999": Decimal("5.00"),
            "4.004999999999999999": Decimal("4.00"),
            "5.000000000000000001": "range",
            "5.001": "range",
            "-0.001": "range",
            "-0.00": Decimal("0.00"),
            ".5": Decimal("0.50"),
            f"{'0' * 45}4.5": Decimal("4.50"),
            f"4.{'1' * 50}": Decimal("4.11"),
            "99999": "range",
            "NaN": "type",
            "4,5": "type",
        },
    ),
    "flags are true or false or their first letter in any case and nothing else": Case(
        Column(name="f", type=Type.BOOLEAN),
        {
            "true": True,
            "True": True,
            "FALSE": False,
            "": None,
            "t": True,
            "F": False,
            " f ": False,
            "tr": "type",
            "yes": "type",
            "n": "type",
            "1": "type",
            "0": "type",
        },
    ),
    "timestamps without zone are utc and offsets are applied": Case(
        Column(name="t", type=Type.TIMESTAMP),
        {
            "2020-02-19 21:38:16.690535": "2020-02-19 21:38:16.690535",
            "2020-02-19 21:38:16": "2020-02-19 21:38:16",
            "2020-02-19 21:38:16.69": "2020-02-19 21:38:16.69",
            "2020-02-19 21:38:16.690535999": "2020-02-19 21:38:16.690535",
            "2020-02-19T21:38:16Z": "2020-02-19 21:38:16",
            "2020-02-19T21:38:16+01:30": "2020-02-19 20:08:16",
            "2020-02-19 21:38:16+00": "2020-02-19 21:38:16",
            "2020-02-19 21:38:16.690535-08": "2020-02-20 05:38:16.690535",
            "2020-02-19 21:38:16+0530": "2020-02-19 16:08:16",
            "2020-02-19 21:38:16+18": "2020-02-19 03:38:16",
            "2020-02-19 21:38:16-1800": "2020-02-20 15:38:16",
            "2020-02-19 21:38:16+19": "type",
            "2020-02-19 21:38:16+1830": "type",
            "2020-02-19 21:38:16+1": "type",
            "2020-02-19 21:38:16+001": "type",
            "2020-02-30 21:38:16": "type",
            "2020-02-19 24:00:00": "type",
            "2020-02-19": "type",
            "2020": "type",
            "21:38:16": "type",
            "2020-02-19 21:38:16 Europe/Berlin": "type",
            "yesterday": "type",
        },
    ),
    "offset timestamps keep the instant": Case(
        Column(name="t", type=Type.OFFSET_TIMESTAMP),
        {
            "Wed Feb 19 18:36:17 -0800 2020": "2020-02-20 02:36:17",
            "Sun Feb 09 18:36:17 +0530 2020": "2020-02-09 13:06:17",
            "Sun Feb  9 18:36:17 +0000 2020": "2020-02-09 18:36:17",
            "": None,
            "Feb 19 18:36:17 -0800 2020": "type",
            "Sun Feb 30 18:36:17 -0800 2020": "type",
            "Wed Feb 19 18:36:17 PST 2020": "type",
            "Wed Feb 1": "type",
            "2020-02-19 18:36:17": "2020-02-19 18:36:17",
            "2020-02-19 18:36:17-08": "2020-02-20 02:36:17",
            "2020-02-19": "type",
        },
    ),
    "timestamps are from 1900 to before 2100 in utc": Case(
        Column(name="t", type=Type.TIMESTAMP), _OF_1900_TO_2099[Type.TIMESTAMP]
    ),
    "offset timestamps are from 1900 to before 2100 in utc": Case(
        Column(name="t", type=Type.OFFSET_TIMESTAMP), _OF_1900_TO_2099[Type.OFFSET_TIMESTAMP]
    ),
    "a record may be a day ahead of the run and no more": Case(
        VERSION,
        {
            "2020-02-20 12:00:00": "2020-02-20 12:00:00",
            "2020-02-20 12:00:00.000001": "range",
            "2099-01-01 00:00:00": "range",
        },
    ),
    "other timestamps may be": Case(
        Column(name="t", type=Type.TIMESTAMP), {"2099-01-01 00:00:00": "2099-01-01 00:00:00"}
    ),
    "bytes that are not utf8 break a rule and the replacement character does not": Case(
        Column(name="t", type=Type.TEXT, max_bytes=100),
        {
            "caf\ufffd": "caf\ufffd",
            "日本語 \ufffd": "日本語 \ufffd",
            "na\udcefve caf\udce9": "encoding",
            "\ufffd caf\udce9": "encoding",
            "日本\udce8\udcaa": "encoding",
        },
    ),
    "bytes that are not utf8 are no digits": Case(
        Column(name="t", type=Type.INTEGER), {"1\udcff": "type", "1\u00a0": 1}
    ),
    "every run of white space and control characters becomes one space": Case(
        Column(name="t", type=Type.TEXT, max_bytes=100),
        {
            "plain text": "plain text",
            " start": "start",
            "end ": "end",
            "two  spaces": "two spaces",
            "line\nfeed": "line feed",
            "line\r\n\r\nfeeds": "line feeds",
            "tab\tand\x00nul\x7f": "tab and nul",
            "no\u00a0break\u2028line\u3000wide\u0085": "no break line wide",
            "émoji 👩‍👩‍👧 Á Lạp": "émoji 👩‍👩‍👧 Á Lạp",
            "": None,
            " \u00a0\t\n ": None,
        },
    ),
    "declared spellings of null count after the clean-up": Case(
        Column(name="t", type=Type.TEXT, max_bytes=100, missing=("None",)),
        {"None": None, " None\n": None, "none": "none", "None.": "None."},
    ),
    "other spellings of null are text": Case(
        Column(name="t", type=Type.TEXT, max_bytes=100),
        {"None": "None", " None\n": "None", "none": "none", "None.": "None."},
    ),
    "a text is measured in utf8 bytes after the clean-up": Case(
        Column(name="t", type=Type.TEXT, max_bytes=4),
        {"abcd": "abcd", "  abcd  ": "abcd", "éé": "éé", "👩": "👩", "abcde": "too_long", "ééé": "too_long"},
    ),
    "a required value may not be missing": Case(
        Column(name="n", type=Type.BIGINT, required=True, minimum=0, maximum=9),
        {"1": 1, "": "required", None: "required", " \n": "required", "x": "type", "10": "range"},
    ),
    "a required text may not be missing": Case(
        Column(name="t", type=Type.TEXT, required=True, max_bytes=9, missing=("None",)),
        {"a": "a", "": "required", None: "required", "\u00a0": "required", "None": "required"},
    ),
}
