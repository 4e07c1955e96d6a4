from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from catalog import VERSION, Column, Dataset, Type
from spark_jobs.clean import clean_rows, rule_name
from spark_jobs.reading import FAULT

pytestmark = pytest.mark.spark

STARTED = datetime(2020, 2, 19, 12, tzinfo=UTC)

Cleaned = Callable[[Column, list[str | None]], dict[str | None, Any]]


@pytest.fixture(scope="session")
def cleaned(rows_of_text: Callable[..., DataFrame]) -> Cleaned:
    """Clean texts as values of one column: text to value, or to the name of the broken rule."""

    def clean(column: Column, texts: list[str | None]) -> dict[str | None, Any]:
        names = ("id", VERSION.name, column.name)
        dataset = Dataset(
            name="things",
            landing_name="thing",
            key="id",
            sort_key="id",
            columns=(Column(name="id", type=Type.BIGINT), VERSION, column),
        )
        raw = rows_of_text(
            (*names, FAULT), [("1", "2020-01-01 00:00:00", as_read(text), None) for text in texts]
        )
        value, rule = F.col(column.name), F.col(rule_name(column)).alias("rule")
        if column.type in (Type.TIMESTAMP, Type.OFFSET_TIMESTAMP):
            value = value.cast(
                "string"
            )  # in the session's UTC, where collect() would use this machine's zone
        rows = clean_rows(raw, dataset, started=STARTED).select(value.alias(column.name), rule).collect()
        return {text: row["rule"] or row[column.name] for text, row in zip(texts, rows, strict=True)}

    return clean


def as_read(text: str | None) -> str | None:
    """Text in UTF-8 as the job reads it: one character per byte; a lone surrogate stands for a byte that is not UTF-8."""
    return None if text is None else text.encode("utf-8", "surrogateescape").decode("latin-1")


def assert_cleans(cleaned: Cleaned, column: Column, expected: Mapping[str | None, Any]) -> None:
    assert cleaned(column, list(expected)) == expected


def test_integers_keep_integral_values_and_reject_everything_else(cleaned: Cleaned) -> None:
    assert_cleans(
        cleaned,
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
    )


def test_identifiers_use_all_64_bits_and_never_wrap(cleaned: Cleaned) -> None:
    assert_cleans(
        cleaned,
        Column(name="n", type=Type.BIGINT, minimum=0, maximum=9223372036854775807),
        {
            "9223372036854775807": 9223372036854775807,
            "9223372036854775807.0": 9223372036854775807,
            "9007199254740993.0": 9007199254740993,
            "9223372036854775808": "type",
            "123456789012345678901234567890": "type",
            "-1": "range",
        },
    )


def test_ratings_are_bounded_exactly_and_then_rounded_half_up(cleaned: Cleaned) -> None:
    assert_cleans(
        cleaned,
        Column(name="r", type=Type.RATING, minimum=0, maximum=5),
        {
            "4.05": Decimal("4.05"),
            "5": Decimal("5.00"),
            "4.123": Decimal("4.12"),
            "4.125": Decimal("4.13"),
            "4.999": Decimal("5.00"),
            "5.001": "range",
            "-0.001": "range",
            "99999": "range",
            "NaN": "type",
            "4,5": "type",
        },
    )


def test_flags_are_true_or_false_in_any_case_and_nothing_else(cleaned: Cleaned) -> None:
    assert_cleans(
        cleaned,
        Column(name="f", type=Type.BOOLEAN),
        {
            "true": True,
            "True": True,
            "FALSE": False,
            "": None,
            "t": "type",
            "yes": "type",
            "1": "type",
            "0": "type",
        },
    )


def test_timestamps_without_zone_are_utc_and_offsets_are_applied(cleaned: Cleaned) -> None:
    assert_cleans(
        cleaned,
        Column(name="t", type=Type.TIMESTAMP),
        {
            "2020-02-19 21:38:16.690535": "2020-02-19 21:38:16.690535",
            "2020-02-19 21:38:16": "2020-02-19 21:38:16",
            "2020-02-19 21:38:16.69": "2020-02-19 21:38:16.69",
            "2020-02-19 21:38:16.690535999": "2020-02-19 21:38:16.690535",
            "2020-02-19T21:38:16Z": "2020-02-19 21:38:16",
            "2020-02-19T21:38:16+01:30": "2020-02-19 20:08:16",
            "2020-02-30 21:38:16": "type",
            "2020-02-19 24:00:00": "type",
            "2020-02-19": "type",
            "2020": "type",
            "21:38:16": "type",
            "2020-02-19 21:38:16 Europe/Berlin": "type",
            "yesterday": "type",
        },
    )


def test_offset_timestamps_keep_the_instant(cleaned: Cleaned) -> None:
    assert_cleans(
        cleaned,
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
            "2020-02-19 18:36:17": "type",
        },
    )


@pytest.mark.parametrize("type_", [Type.TIMESTAMP, Type.OFFSET_TIMESTAMP])
def test_timestamps_are_from_1900_to_before_2100_in_utc(cleaned: Cleaned, type_: Type) -> None:
    written = {
        Type.TIMESTAMP: (
            "1900-01-01 00:00:00",
            "2099-12-31 23:59:59.999999",
            "1899-12-31T23:30:00-01:00",
            "1899-12-31 23:59:59.999999",
            "2100-01-01 00:00:00",
            "1900-01-01T00:30:00+01:00",
            "0001-01-01 00:00:00",
        ),
        Type.OFFSET_TIMESTAMP: (
            "Mon Jan 01 00:00:00 +0000 1900",
            "Thu Dec 31 23:59:59 +0000 2099",
            "Sun Dec 31 23:30:00 -0100 1899",
            "Sun Dec 31 23:59:59 +0000 1899",
            "Fri Jan 01 00:00:00 +0000 2100",
            "Mon Jan 01 00:30:00 +0100 1900",
            "Mon Jan 01 00:00:00 +0000 0001",
        ),
    }[type_]
    found = cleaned(Column(name="t", type=type_), list(written))

    assert [found[text] for text in written][:3] == [
        "1900-01-01 00:00:00",
        "2099-12-31 23:59:59.999999" if type_ is Type.TIMESTAMP else "2099-12-31 23:59:59",
        "1900-01-01 00:30:00",
    ]
    assert [found[text] for text in written][3:] == ["range"] * 4


def test_a_record_may_be_a_day_ahead_of_the_run_and_no_more(rows_of_text: Callable[..., DataFrame]) -> None:
    things = Dataset(
        name="things",
        landing_name="thing",
        key="id",
        sort_key="id",
        columns=(Column(name="id", type=Type.BIGINT), Column(name="t", type=Type.TIMESTAMP), VERSION),
    )
    versions = ["2020-02-20 12:00:00", "2020-02-20 12:00:00.000001", "2099-01-01 00:00:00"]
    raw = rows_of_text(
        ("id", "t", VERSION.name, FAULT), [("1", "2099-01-01 00:00:00", v, None) for v in versions]
    )

    rows = clean_rows(raw, things, started=STARTED).collect()

    assert [row[rule_name(VERSION)] for row in rows] == [None, "range", "range"]
    assert [row[rule_name(things.column("t"))] for row in rows] == [None, None, None]


def test_bytes_that_are_not_utf8_break_the_rule_encoding_and_the_replacement_character_does_not(
    cleaned: Cleaned,
) -> None:
    texts: dict[str | None, str] = {
        "caf\ufffd": "caf\ufffd",
        "日本語 \ufffd": "日本語 \ufffd",
        "na\udcefve caf\udce9": "encoding",
        "\ufffd caf\udce9": "encoding",
        "日本\udce8\udcaa": "encoding",
    }
    assert_cleans(cleaned, Column(name="t", type=Type.TEXT, max_bytes=100), texts)
    assert_cleans(cleaned, Column(name="t", type=Type.INTEGER), {"1\udcff": "type", "1\u00a0": 1})


def test_every_run_of_white_space_and_control_characters_becomes_one_space(cleaned: Cleaned) -> None:
    assert_cleans(
        cleaned,
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
    )


def test_further_spellings_of_null_count_after_the_clean_up_only_where_declared(cleaned: Cleaned) -> None:
    texts: list[str | None] = ["None", " None\n", "none", "None."]

    declared = cleaned(Column(name="t", type=Type.TEXT, max_bytes=100, missing=("None",)), texts)
    undeclared = cleaned(Column(name="t", type=Type.TEXT, max_bytes=100), texts)

    assert list(declared.values()) == [None, None, "none", "None."]
    assert list(undeclared.values()) == ["None", "None", "none", "None."]


def test_a_text_is_measured_in_utf8_bytes_after_the_clean_up(cleaned: Cleaned) -> None:
    assert_cleans(
        cleaned,
        Column(name="t", type=Type.TEXT, max_bytes=4),
        {"abcd": "abcd", "  abcd  ": "abcd", "éé": "éé", "👩": "👩", "abcde": "too_long", "ééé": "too_long"},
    )


def test_a_required_value_may_not_be_missing(cleaned: Cleaned) -> None:
    assert_cleans(
        cleaned,
        Column(name="n", type=Type.BIGINT, required=True, minimum=0, maximum=9),
        {"1": 1, "": "required", None: "required", " \n": "required", "x": "type", "10": "range"},
    )
