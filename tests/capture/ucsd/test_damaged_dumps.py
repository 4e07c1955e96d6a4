"""Whatever is wrong with a dump, the rest of it is imported and the wrong lines are kept with the reason."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.emptying import text_table
from capture.ucsd import dumps
from catalog import AUTHORS, BOOKS, REVIEWS, VERSION
from tests.capture.cleaning import refused
from tests.capture.ucsd.landed import NOW, contents, import_dumps, records
from tests.capture.ucsd.made_up import AUTHOR, BOOK, REVIEW, SPOILER, lines, write_dump

CAPTURED = "2017-11-01 00:00:00"


def rejects(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "rejects.jsonl").read_text().splitlines()]


def dump_of(folder: Path, content: bytes, name: str = "goodreads_book_authors.json.gz") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"author_id": "1"', "Input data was truncated"),
        (b"author_id,name", "JSON is malformed: invalid character (byte 0)"),
        (b"[1]", "Expected `object`, got `array`"),
        (b'{"name": "Ann"}', "Object missing required field `author_id`"),
        (b'{"author_id": ""}', "Expected `str` matching regex '^[0-9]{1,18}$' - at `$.author_id`"),
        (b'{"author_id": "-1"}', "Expected `str` matching regex '^[0-9]{1,18}$' - at `$.author_id`"),
        (b'{"author_id": 1}', "Expected `str`, got `int` - at `$.author_id`"),
        (b'{"author_id": NaN}', "Expected `str`, got `float` - at `$.author_id`"),
        (b'{"author_id": "\\ud800"}', "Expected `str` matching regex '^[0-9]{1,18}$' - at `$.author_id`"),
        (b'{"a":' * 5000, "maximum recursion depth exceeded while deserializing an object"),
    ],
)
def test_a_line_that_is_no_author_is_rejected_with_what_was_expected(
    tmp_path: Path, text: bytes, reason: str
) -> None:
    dump = dump_of(tmp_path, gzip.compress(text + b"\n" + lines([AUTHOR])))
    (imported,) = import_dumps(tmp_path, dump)
    assert rejects(tmp_path) == [{"file": dump.name, "line": 1, "reason": reason, "text": text.decode()}]
    assert (imported.lines, imported.records, imported.rejected) == (2, 1, 1)
    assert [record["author_id"] for record in records(tmp_path, AUTHORS)] == ["604031"]


def test_bytes_that_are_not_utf8_are_kept_in_the_reject(tmp_path: Path) -> None:
    dump = dump_of(tmp_path, gzip.compress(b'{"author_id": "1", "name": "caf\xe9\n'))
    import_dumps(tmp_path, dump)
    assert rejects(tmp_path)[0]["text"] == '{"author_id": "1", "name": "caf\\xe9'
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"caf\xe9", "caf\ufffd"),
        (b"caf\xc3\xa9 \xff\xfe", "café \ufffd\ufffd"),
        (b"a\\ud83db", "a\ufffdb"),
        (b"\\ude00\\ud83d", "\ufffd\ufffd"),
        (b"a\x01b\tc", "a\x01b c"),
    ],
)
def test_a_character_that_json_forbids_costs_only_itself(tmp_path: Path, name: bytes, shown: str) -> None:
    dump = dump_of(tmp_path, gzip.compress(b'{"author_id": "1", "name": "%b"}\n' % name + lines([AUTHOR])))
    (imported,) = import_dumps(tmp_path, dump)
    assert [record["name"] for record in records(tmp_path, AUTHORS)] == [shown, "Ronald J. Fields"]
    assert (imported.records, imported.rejected, imported.mended, str(imported.emptied)) == (2, 0, 1, "")


def test_a_byte_order_mark_in_front_is_skipped(tmp_path: Path) -> None:
    (imported,) = import_dumps(
        tmp_path, dump_of(tmp_path, gzip.compress(b"\xef\xbb\xbf" + lines([AUTHOR] * 2)))
    )
    assert (imported.records, imported.rejected, imported.mended) == (2, 0, 1)


@pytest.mark.parametrize(
    ("dump", "record", "field", "json_value", "column"),
    [
        ("goodreads_book_authors", AUTHOR, "name", '["Ann"]', "authors.name"),
        ("goodreads_book_authors", AUTHOR, "name", "NaN", "authors.name"),
        ("goodreads_book_authors", AUTHOR, "average_rating", "NaN", "authors.average_rating"),
        ("goodreads_book_authors", AUTHOR, "average_rating", "-Infinity", "authors.average_rating"),
        ("goodreads_book_authors", AUTHOR, "ratings_count", "1e400", "authors.rating_count"),
        ("goodreads_book_authors", AUTHOR, "ratings_count", "9" * 5000, "authors.rating_count"),
        ("goodreads_book_authors", AUTHOR, "text_reviews_count", "true", "authors.text_review_count"),
        ("goodreads_books", BOOK, "authors", '[{"role": ""}]', "books.authors"),
        ("goodreads_books", BOOK, "num_pages", '"-1"', "books.num_pages"),
        ("goodreads_books", BOOK, "publication_month", '"13"', "books.publication_month"),
        ("goodreads_books", BOOK, "link", '"%s"' % ("x" * 2049), "books.book_url"),
        ("goodreads_reviews_dedup", REVIEW, "n_votes", "-3", "reviews.review_votes"),
        ("goodreads_reviews_dedup", REVIEW, "n_comments", '"many"', "reviews.comments_count"),
        ("goodreads_reviews_dedup", REVIEW, "rating", "6", "reviews.review_rating"),
        ("goodreads_reviews_dedup", REVIEW, "review_text", "{}", "reviews.review_text"),
        ("goodreads_reviews_dedup", REVIEW, "date_added", "20170825", "reviews.review_added_date"),
        ("goodreads_reviews_dedup", REVIEW, "date_updated", '"2017-10-09"', "reviews.review_updated_date"),
        ("goodreads_reviews_spoiler", SPOILER, "has_spoiler", '"perhaps"', "reviews.spoiler_flag"),
        ("goodreads_reviews_spoiler", SPOILER, "review_sentences", '["x"]', "reviews.review_text"),
        ("goodreads_reviews_spoiler", SPOILER, "timestamp", '"14.1.2016"', "reviews.record_create_timestamp"),
    ],
)
def test_a_value_that_nothing_can_have_costs_only_itself(
    tmp_path: Path, dump: str, record: dict[str, Any], field: str, json_value: str, column: str
) -> None:
    line = json.dumps(record | {field: "@"}).replace('"@"', json_value).encode()
    (imported,) = import_dumps(tmp_path, dump_of(tmp_path, gzip.compress(line), f"{dump}.json.gz"))
    assert (imported.lines, imported.records, imported.rejected) == (1, 1, 0)
    assert imported.emptied.counts == {column: 1}
    dataset = imported.dump.kind.dataset
    (written,) = records(tmp_path, dataset)
    expected = CAPTURED if column.endswith("record_create_timestamp") else ""
    assert written[column.split(".")[1]] == expected


@pytest.mark.slow
@pytest.mark.parametrize("faulty", [{"author_id": "", "role": ""}, {"author_id": None}, None, "604031", []])
@pytest.mark.parametrize("place", [0, 1])
def test_a_faulty_contributor_costs_only_itself(tmp_path: Path, faulty: object, place: int) -> None:
    contributors = [{"author_id": "604031", "role": ""}]
    contributors.insert(place, faulty)  # type: ignore[arg-type] # it is faulty
    books = write_dump(tmp_path / "goodreads_books.json.gz", [BOOK | {"authors": contributors}])
    of_book, of_review = import_dumps(
        tmp_path, books, write_dump(tmp_path / "goodreads_reviews_dedup.json.gz", [REVIEW])
    )
    assert [book["authors"] for book in records(tmp_path, BOOKS)] == ["604031"]
    assert [review["author_id"] for review in records(tmp_path, REVIEWS)] == ["604031"]
    assert (of_book.emptied.counts, of_review.emptied.counts) == ({"books.authors": 1}, {})


def test_a_faulty_sentence_costs_only_itself(tmp_path: Path) -> None:
    sentences = [[0, "A life."], ["1", "spoils"], None, [1, "He dies."]]
    dump = write_dump(
        tmp_path / "goodreads_reviews_spoiler.json.gz", [SPOILER | {"review_sentences": sentences}]
    )
    (imported,) = import_dumps(tmp_path, dump)
    assert [review["review_text"] for review in records(tmp_path, REVIEWS)] == ["A life. He dies."]
    assert imported.emptied.counts == {"reviews.review_text": 2}


@pytest.mark.parametrize("nothing", ["null", '""', '" "'])
def test_what_is_not_said_is_empty_and_not_counted(tmp_path: Path, nothing: str) -> None:
    line = json.dumps(REVIEW | {"n_votes": "@", "rating": "@", "date_added": "@"}).replace('"@"', nothing)
    dump = dump_of(tmp_path, gzip.compress(line.encode()), "goodreads_reviews_dedup.json.gz")
    (imported,) = import_dumps(tmp_path, dump)
    assert (imported.records, str(imported.emptied)) == (1, "")


@pytest.mark.parametrize(
    ("dates", "version", "emptied"),
    [
        ({"date_updated": "Mon Jan 01 00:00:00 +0000 0001"}, "2017-08-25 20:55:02", 1),
        ({"date_updated": "Fri Jan 01 00:00:00 +0000 2038"}, "2017-08-25 20:55:02", 1),
        ({"date_updated": "Thu Feb 20 12:15:00 +0000 2020"}, "2017-08-25 20:55:02", 1),
        ({"date_updated": "Wed Feb 31 00:00:00 +0000 2017", "date_added": ""}, "2017-11-01 00:00:00", 1),
        ({"date_updated": "x", "date_added": "y"}, "2017-11-01 00:00:00", 2),
    ],
)
def test_a_review_whose_last_change_is_impossible_is_as_old_as_it_can_be_said(
    tmp_path: Path, dates: dict[str, str], version: str, emptied: int
) -> None:
    dump = write_dump(tmp_path / "goodreads_reviews_dedup.json.gz", [REVIEW | dates])
    (imported,) = import_dumps(tmp_path, dump)
    (written,) = records(tmp_path, REVIEWS)
    assert written[VERSION.name] == version
    assert written["review_updated_date"] == ""
    assert imported.emptied.counts.total() == emptied


def test_a_review_with_a_wrong_id_is_rejected(tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "goodreads_reviews_dedup.json.gz", [REVIEW | {"user_id": "42"}])
    (imported,) = import_dumps(tmp_path, dump)
    assert [reject["reason"] for reject in rejects(tmp_path)] == [
        "Expected `str` matching regex '^[0-9a-f]{32}$' - at `$.user_id`"
    ]
    assert (imported.records, imported.users, imported.written.files) == (0, 0, 0)


def test_every_whole_line_of_a_file_that_is_cut_off_is_imported_and_the_rest_is_reported(
    tmp_path: Path,
) -> None:
    authors = [AUTHOR | {"author_id": str(number), "name": str(number**9)} for number in range(2000)]
    packed = gzip.compress(lines(authors))
    dump = dump_of(tmp_path, packed[: len(packed) // 2])
    (imported,) = import_dumps(tmp_path, dump)
    found = [record["author_id"] for record in records(tmp_path, AUTHORS)]
    assert 500 < len(found) < 2000
    assert found == [str(number) for number in range(len(found))]
    assert (imported.records, imported.rejected) == (len(found), 1)
    (reject,) = rejects(tmp_path)
    assert reject["line"] == len(found) + 1
    assert "the file is damaged here or earlier, and all later lines are missing" in reject["reason"]
    assert "Compressed file ended before the end-of-stream marker" in reject["reason"]


@pytest.mark.slow
@given(st.data())
def test_a_damaged_byte_anywhere_never_ends_the_import(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    packed = bytearray(gzip.compress(lines([AUTHOR] * 5), mtime=0))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    folder = tmp_path_factory.mktemp("import")
    (imported,) = import_dumps(folder, dump_of(folder, bytes(packed)))
    assert imported.lines == imported.records + imported.rejected
    assert imported.rejected or imported.records == 5


def test_an_empty_file_is_reported(tmp_path: Path) -> None:
    dumps = [dump_of(tmp_path, b""), dump_of(tmp_path, b"", "goodreads_books.json")]
    import_dumps(tmp_path, *dumps)
    assert [(reject["file"], reject["reason"]) for reject in rejects(tmp_path)] == [
        (dump.name, "the file is empty; download it again") for dump in dumps
    ]


def test_a_line_that_would_not_fit_into_memory_is_skipped_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dumps, "_LONGEST_LINE", 1000)
    monkeypatch.setattr(dumps, "_SHOWN", 5)
    huge = b"x" * 2500 + b"\n"
    dump = dump_of(tmp_path, gzip.compress(lines([AUTHOR]) + huge + lines([AUTHOR]) + huge[:-1]))
    (imported,) = import_dumps(tmp_path, dump)
    assert (imported.records, imported.rejected) == (2, 2)
    reason = "the line has {} bytes, expected at most 1,000; only its beginning is kept"
    assert [(reject["line"], reject["reason"], reject["text"]) for reject in rejects(tmp_path)] == [
        (2, reason.format("2,501"), "xxxxx"),
        (4, reason.format("2,500"), "xxxxx"),
    ]


@pytest.mark.slow
def test_a_text_of_many_megabytes_costs_only_itself(tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "goodreads_books.json.gz", [BOOK | {"description": "long " * 1_000_000}])
    (imported,) = import_dumps(tmp_path, dump)
    (book,) = records(tmp_path, BOOKS)
    assert (book["title"], book["description"]) == (BOOK["title"], "")
    assert imported.emptied.counts == {"books.description": 1}


def test_gzip_of_several_members_without_a_last_newline_is_one_file(tmp_path: Path) -> None:
    members = [gzip.compress(lines([REVIEW | {"book_id": str(number)}])) for number in range(3)]
    last = gzip.compress(lines([REVIEW | {"book_id": "3"}]).strip() + b"")
    dump = dump_of(tmp_path, b"".join([*members, last]), "goodreads_reviews_dedup.json.gz")
    import_dumps(tmp_path, dump)
    assert [record["book_id"] for record in records(tmp_path, REVIEWS)] == ["0", "1", "2", "3"]


def test_blank_lines_are_nothing_and_rejects_of_an_earlier_import_do_not_stay(tmp_path: Path) -> None:
    (tmp_path / "rejects.jsonl").write_text("old")
    dump = dump_of(tmp_path, b"\n" + lines([AUTHOR]) + b" \n\n", "goodreads_book_authors.json")
    (imported,) = import_dumps(tmp_path, dump)
    assert (imported.lines, imported.records) == (1, 1)
    assert not (tmp_path / "rejects.jsonl").exists()


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["-1", "20176", "13", "NaN", "x" * 70_000, "Mon Jan 01 00:00:00 +0000 0001", "a\0b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
_REQUIRED = {"author_id", "book_id", "review_id", "user_id"}


@pytest.mark.slow
@settings(max_examples=30)  # an example takes tenths of a second
@given(st.data())
def test_whatever_is_in_the_optional_fields_every_record_is_imported_and_accepted_by_the_pipeline(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    made_up: dict[str, dict[str, Any]] = {
        "book_authors": AUTHOR,
        "books": BOOK,
        "reviews_dedup": REVIEW,
        "reviews_spoiler": SPOILER,
    }
    name = data.draw(st.sampled_from(sorted(made_up)))
    fields = sorted(set(made_up[name]) - _REQUIRED)
    dumped = [made_up[name] | data.draw(st.dictionaries(st.sampled_from(fields), _JSON)) for _ in range(2)]
    folder = tmp_path_factory.mktemp("import")
    (imported,) = import_dumps(folder, write_dump(folder / f"goodreads_{name}.json.gz", dumped))
    assert (imported.records, imported.rejected) == (2, 0)
    dataset = imported.dump.kind.dataset
    written = records(folder, dataset)
    assert len(written) == 2
    assert refused(dataset, text_table(dataset, written), NOW) == []
