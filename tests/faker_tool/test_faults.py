"""What is wrong with records and files when it is asked for, and what stays as it was."""

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import AUTHORS, BOOKS, DATASETS, REVIEWS, USERS, Dataset
from faker_tool.chunk import ROWS
from faker_tool.faults import DAMAGE, OF_RECORDS, REPEATS, RULES, Faults
from faker_tool.generate import generate
from faker_tool.records import Records, drifted, encode, usual

UNTIL = datetime(2020, 3, 1, tzinfo=UTC)
EVERY_FAULT = Faults(dict.fromkeys(OF_RECORDS, 0.02) | {"drifted_columns": 0.4, "truncated_file": 0.2})
AUTHOR = {
    "author_id": b"12",
    "name": b"Ann",
    "role": b"",
    "profile_url": b"",
    "average_rating": b"4.50",
    "rating_count": b"3",
    "text_review_count": b"2",
    "record_create_timestamp": b"2020-02-19 21:38:16.690535",
}


def lines(records: Records) -> list[bytes]:
    """The text of each record."""
    return [bytes(records.part(place, place + 1).text) for place in range(len(records))]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("duplicate", b"12,Ann,,,4.50,3,2,2020-02-19 21:38:16.690535"),
        ("late", b"12,an older text,,,4.50,3,2,2020-02-18 21:38:16.690535"),
        ("tie", b"12,another text of the same moment,,,4.50,3,2,2020-02-19 21:38:16.690535"),
        ("bad_type", b"n/a,Ann,,,4.50,3,2,2020-02-19 21:38:16.690535"),
        ("out_of_range", b"-1,Ann,,,4.50,3,2,2020-02-19 21:38:16.690535"),
        ("missing_required", b",Ann,,,4.50,3,2,2020-02-19 21:38:16.690535"),
        ("missing_field", b"12,Ann,,,4.50,3,2"),
        ("extra_field", b"12,Ann,,,4.50,3,2,2020-02-19 21:38:16.690535,surplus"),
        ("too_long", b"12," + 513 * b"\xc3\x9f" + b",,,4.50,3,2,2020-02-19 21:38:16.690535"),
        ("bad_bytes", b"12,Caf\xe9,,,4.50,3,2,2020-02-19 21:38:16.690535"),
        ("broken_quoting", b'12,"the "open" book",,,4.50,3,2,2020-02-19 21:38:16.690535'),
    ],
)
def test_a_fault_changes_one_thing(fault: str, line: bytes) -> None:
    record = dict(AUTHOR)

    DAMAGE[fault](record, AUTHORS, 0)

    assert b",".join(record.values()) == line


def test_the_random_number_chooses_the_column() -> None:
    damaged = []
    for choice in range(5):
        record = dict(AUTHOR)
        DAMAGE["out_of_range"](record, AUTHORS, choice)
        damaged.append({name: value for name, value in record.items() if AUTHOR[name] != value})

    assert damaged == [
        {"author_id": b"-1"},
        {"average_rating": b"-1"},
        {"rating_count": b"-1"},
        {"text_review_count": b"-1"},
        {"record_create_timestamp": b"1899-12-31 23:59:59"},
    ]


@pytest.mark.slow
@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_records_without_a_fault_are_those_of_a_load_without_faults(dataset: Dataset) -> None:
    faults = Faults({name: rate for name, rate in EVERY_FAULT.rates.items() if name != "broken_quoting"})
    alone = lines(encode(dataset, 3, seed=5, until=UNTIL)[usual(dataset)])
    drawn = encode(dataset, 3, seed=5, until=UNTIL, faults=faults)[usual(dataset)]

    original = (drawn.facts["content"] >= 0) & ~drawn.facts["repeat"]
    places = drawn.facts["content"][original] - 3 * ROWS
    assert places.tolist() == list(range(ROWS))
    is_fine = drawn.facts["rule"] == 0
    found = [line for line, fine in zip(lines(drawn), original & is_fine, strict=True) if fine]
    assert found == [line for line, fine in zip(alone, is_fine[original], strict=True) if fine]


def test_each_fault_has_its_share_of_the_records() -> None:
    faults = Faults({"late": 0.3, "duplicate": 0.1, "bad_bytes": 0.2, "too_long": 0.05})

    facts = encode(USERS, 0, seed=0, until=UNTIL, faults=faults)[usual(USERS)].facts

    shares = {
        "late": (facts["content"] < 0).sum() / ROWS,
        "duplicate": facts["repeat"].sum() / ROWS,
        "bad_bytes": (facts["rule"] == 3).sum() / ROWS,
        "too_long": (facts["rule"] == 7).sum() / ROWS,
    }
    assert shares == pytest.approx(faults.rates, abs=0.015)


def test_a_repeat_comes_soon_after_the_record_it_repeats() -> None:
    faults = Faults({"duplicate": 0.05})

    facts = encode(USERS, 0, seed=0, until=UNTIL, faults=faults)[usual(USERS)].facts

    first = {
        content: place
        for place, content in enumerate(facts["content"].tolist())
        if not facts["repeat"][place]
    }
    delays = [
        place - first[content]
        for place, content in enumerate(facts["content"].tolist())
        if facts["repeat"][place]
    ]
    assert len(delays) > 600
    assert 0 < min(delays) <= max(delays) < 80


def test_with_broken_quoting_no_other_record_has_a_quote_left() -> None:
    drawn = encode(REVIEWS, 0, seed=0, until=UNTIL, faults=Faults({"broken_quoting": 0.001}))[usual(REVIEWS)]

    assert (drawn.facts["rule"] == 2).sum() > 5
    texts = [line for line, rule in zip(lines(drawn), drawn.facts["rule"], strict=True) if rule == 0]
    assert sum(b'""' in text for text in texts) == 0
    assert sum(b"'" in text for text in texts) > 1000


@pytest.mark.slow
def test_faulty_loads_have_the_same_bytes_from_one_thread_and_from_two(tmp_path: Path) -> None:
    for threads in (1, 2):
        generate(
            tmp_path / str(threads),
            records=20_000,
            until=UNTIL,
            datasets=[AUTHORS, BOOKS],
            files_of=1_000_000,
            gzip=True,
            faults=EVERY_FAULT,
            threads=threads,
        )

    alone, together = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert len(alone) > 5
    assert alone == together


def test_a_file_that_has_drifted_holds_the_same_records_and_an_unknown_column(tmp_path: Path) -> None:
    for share in (0, 1):
        faults = Faults({"drifted_columns": share})
        generate(tmp_path / str(share), records=500, until=UNTIL, datasets=[REVIEWS], faults=faults)

    found = []
    for share in (0, 1):
        with (tmp_path / str(share) / "reviews.csv").open(encoding="utf-8", newline="") as file:
            found.append(list(csv.DictReader(file, strict=True)))
    names = list(found[1][0])
    assert names[0] == "shelf"
    assert tuple(reversed(names[1:])) == REVIEWS.column_names
    assert {row.pop("shelf") for row in found[1]} == {"to-read"}
    assert found[0] == found[1]


def test_a_file_that_is_cut_off_cannot_be_unpacked(tmp_path: Path) -> None:
    made = generate(
        tmp_path, records=9, until=UNTIL, datasets=[USERS], gzip=True, faults=Faults({"truncated_file": 1})
    )

    assert [file.is_truncated for file in made.files] == [True]
    with pytest.raises(EOFError, match="ended before the end-of-stream marker"):
        gzip.decompress((tmp_path / "user.csv.gz").read_bytes())


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 300))
def test_files_have_their_share_of_faults_and_one_at_most_while_that_is_possible(
    drift: float, truncation: float, count: int
) -> None:
    faults = Faults({"drifted_columns": drift, "truncated_file": truncation})

    drifted_files = {number for number in range(count) if faults.is_drifted(number)}
    truncated_files = {number for number in range(count) if faults.is_truncated(number)}

    assert len(drifted_files) == pytest.approx(drift * count, abs=3)
    assert len(truncated_files) == pytest.approx(truncation * count, abs=3)
    if drift + truncation <= 1:
        assert not drifted_files & truncated_files


def test_every_fault_of_records_has_a_damage_and_either_repeats_or_breaks_a_rule() -> None:
    assert set(DAMAGE) == set(REPEATS) | set(RULES) == set(OF_RECORDS)


def test_the_formats_of_a_file_are_those_the_catalog_allows() -> None:
    assert usual(USERS).header.startswith(b"user_id,user_name,")
    assert drifted(USERS).header.startswith(b"shelf,record_create_timestamp,has_image,")
