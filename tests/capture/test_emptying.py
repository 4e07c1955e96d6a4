"""What the tools empty is exactly what the pipeline would reject: the Spark job's own cleaner is asked."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture import emptying
from capture.collector.reading import NotRead, content_of
from capture.collector.records import at, records_of
from capture.emptying import Emptied, Rules, text_table, without
from capture.possible import Possible
from capture.simulated.answers import review_show
from capture.simulated.world import World
from catalog import AUTHORS, BOOKS, DATASETS, REVIEWS, USERS, VERSION, Dataset, Type
from tests.capture.cleaning import refused

NOW = datetime(2020, 2, 19, 12, tzinfo=UTC)

TEXTS = [
    *(
        "",
        " ",
        "x",
        "None",
        "NaN",
        "nan",
        "inf",
        "-",
        ".",
        "many",
        "true",
        "F",
        "yes",
        "0x10",
        "1_000",
        "1,000",
        "٣",
    ),
    *(
        "0",
        "-0",
        "-1",
        "+5",
        "5.0",
        "5.5",
        "5.001",
        "1e2",
        " 7 ",
        "7\n",
        "13",
        "31",
        "32",
        "-380",
        "20176",
        "65535",
    ),
    *("2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "9" * 40, "0." + "3" * 40),
    *("Wed Feb 19 18:36:17 -0800 2020", "Wed Feb 31 18:36:17 -0800 2020", "Mon Jan 01 00:00:00 +0000 0001"),
    *(
        "Thu Jan 01 00:00:00 +0000 2099",
        "Thu Jan 01 00:00:00 +0000 20200",
        "2020-02-19 18:36:17-08",
        "2020-02-19",
    ),
    *("x" * 256, "x" * 257, "é" * 1025, "x" * 65536, "a\0b", "a\tb", "\ufffd", "\ufeff"),
]
texts = st.none() | st.sampled_from(TEXTS) | st.text(st.characters(codec="utf-8"))


def row(dataset: Dataset, **values: str | None) -> dict[str, str | None]:
    """A record that has only a key, a version and these values."""
    required = {dataset.key: "1", VERSION.name: "2020-02-19 00:00:00"}
    return dict.fromkeys(dataset.column_names) | required | values


RULES = Rules()


@pytest.mark.slow
@given(st.data())
def test_what_is_left_is_accepted_by_the_pipeline_and_nothing_else_is_taken(data: st.DataObject) -> None:
    dataset = data.draw(st.sampled_from(DATASETS))
    columns = [column for column in dataset.columns if not column.required]
    rows = [
        row(dataset, **data.draw(st.fixed_dictionaries({}, optional={each.name: texts for each in columns})))
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    table = text_table(dataset, rows)
    found = RULES.broken(dataset, table, NOW)
    assert refused(dataset, without(found, table), NOW) == []
    for each in found:
        if (
            each.column.type is not Type.OFFSET_TIMESTAMP
        ):  # a date that the pipeline accepts may be after the capture
            alone = text_table(dataset, [row(dataset, **{each.column.name: each.text})])
            assert refused(dataset, alone, NOW) == [0], each


_ELEMENT = re.compile(r"<(\w+)>[^<]*(?:<!\[CDATA\[.*?\]\]>)?[^<]*</\1>", re.DOTALL)
_ODD_XML = st.sampled_from(
    [*"&<\0\x04\ufffe", "&#4;", "&nbsp;", "&#xD800;", "<![CDATA[", "<3", "-1", "20176", "<x/>"]
)


@pytest.mark.slow
@settings(max_examples=30)  # an example takes tenths of a second
@given(st.data())
def test_whatever_is_in_the_elements_of_a_review_its_records_are_accepted_by_the_pipeline(
    data: st.DataObject,
) -> None:
    answer = review_show(World(0).review(0)).decode()
    elements = data.draw(st.sets(st.sampled_from(sorted(set(_ELEMENT.findall(answer)) - {"key", "method"}))))
    contents = data.draw(
        st.lists(st.lists(_ODD_XML | st.sampled_from(TEXTS)).map("".join), min_size=1, max_size=3)
    )
    odd = _ELEMENT.sub(
        lambda found: (
            f"<{found[1]}>{contents[len(found[0]) % len(contents)]}</{found[1]}>"
            if found[1] in elements
            else found[0]
        ),
        answer,
    )
    try:
        review = at(content_of(odd.encode("utf-8", "surrogatepass")), "review")
    except NotRead:
        return
    records = Possible().records("1", records_of(review, NOW), NOW)
    for dataset in DATASETS:
        assert refused(dataset, text_table(dataset, records[dataset.name]), NOW) == []


@pytest.mark.parametrize(
    ("dataset", "column", "text"),
    [
        (BOOKS, "publication_year", "20176"),
        (BOOKS, "publication_month", "13"),
        (BOOKS, "publication_day", "0"),
        (BOOKS, "num_pages", "-1"),
        (BOOKS, "ratings_count", "2147483648"),
        (BOOKS, "average_rating", "5.01"),
        (BOOKS, "title", "x" * 1025),
        (REVIEWS, "review_votes", "-3"),
        (REVIEWS, "comments_count", "many"),
        (REVIEWS, "review_rating", "nan"),
        (REVIEWS, "review_added_date", "Wed Feb 31 18:36:17 -0800 2020"),
        (REVIEWS, "review_added_date", "Sat Feb 22 18:36:17 -0800 2020"),
        (REVIEWS, "review_updated_date", "Mon Jan 01 00:00:00 +0000 0001"),
        (REVIEWS, "book_id", "9223372036854775808"),
        (REVIEWS, "spoiler_flag", "perhaps"),
        (AUTHORS, "author_id", "-1"),
        (AUTHORS, VERSION.name, "2020-02-21 00:00:00"),
    ],
)
def test_a_value_that_nothing_can_have_is_found_and_its_neighbours_stay(
    dataset: Dataset, column: str, text: str
) -> None:
    table = text_table(dataset, [row(dataset), row(dataset, **{column: text}), row(dataset)])
    found = RULES.broken(dataset, table, NOW)
    assert [(each.column.name, each.row, each.text) for each in found] == [(column, 1, text)]
    expected = [row(dataset), row(dataset, **{column: None}), row(dataset)]
    assert without(found, table).to_pylist() == expected


@pytest.mark.parametrize(
    ("dataset", "values"),
    [
        (BOOKS, {"publication_year": "-380", "num_pages": "0", "publication_day": "31.0"}),
        (REVIEWS, {"review_rating": "0", "review_added_date": "Thu Feb 20 12:00:00 +0000 2020"}),
    ],
)
def test_an_odd_value_that_is_possible_stays(dataset: Dataset, values: Mapping[str, str]) -> None:
    assert RULES.broken(dataset, text_table(dataset, [row(dataset, **values)]), NOW) == []


def test_emptied_values_are_told_by_column_with_the_first_of_each() -> None:
    emptied = Emptied()
    assert str(emptied) == ""
    emptied.add("reviews.review_votes", "-3")
    assert str(emptied) == "1 impossible value became empty: reviews.review_votes 1 ('-3')"
    emptied.add("reviews.review_votes", "-1")
    emptied.add("books.title", "x" * 2000)
    assert str(emptied) == (
        f"3 impossible values became empty: books.title 1 ('{'x' * 40}...'), reviews.review_votes 2 ('-3')"
    )


def test_rules_that_are_asked_for_days_know_what_time_it_is() -> None:
    rules, later = Rules(), NOW + timedelta(days=3)
    table = text_table(REVIEWS, [row(REVIEWS, review_added_date="Fri Feb 21 12:00:00 +0000 2020")])
    assert [len(rules.broken(REVIEWS, table, now)) for now in (NOW, later, NOW)] == [1, 0, 1]


@pytest.mark.slow
def test_an_import_of_many_rows_keeps_the_memory_of_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emptying, "_ROWS", 30)
    rules = Rules()
    rows = [row(BOOKS, description="x" * 60_000 + str(number), num_pages="-1") for number in range(10)]
    for _ in range(100):
        assert len(rules.broken(BOOKS, text_table(BOOKS, rows), NOW)) == 10
    database = rules._database  # noqa: SLF001 - what the test is about
    (held,) = database.execute("select sum(memory_usage_bytes) from duckdb_memory()").fetchall()[0]
    assert held < 10_000_000


@given(st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers(), st.booleans()), max_size=5))
def test_a_table_has_the_text_of_each_value_and_null_for_nothing(values: list[object]) -> None:
    rows = [dict.fromkeys(USERS.column_names, value) for value in values]
    texts = [None if value is None or value == "" else str(value) for value in values]
    assert text_table(USERS, rows)["location"].to_pylist() == texts
