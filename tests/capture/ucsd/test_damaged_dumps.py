"""Whatever is wrong with a dump, the rest of it is imported and the wrong lines are kept with the reason."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.ucsd import dumps
from catalog import AUTHORS, REVIEWS
from tests.capture.ucsd.landed import contents, import_dumps, records
from tests.capture.ucsd.made_up import AUTHOR, BOOK, REVIEW, lines, write_dump


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
        (
            b'{"author_id": "1", "name": ["Ann"]}',
            "Expected `int | float | str | null`, got `array` - at `$.name`",
        ),
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
    dump = dump_of(tmp_path, gzip.compress(b'{"author_id": "1", "name": "caf\xe9"}\n'))
    import_dumps(tmp_path, dump)
    assert rejects(tmp_path)[0]["text"] == '{"author_id": "1", "name": "caf\\xe9"}'
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("date_updated", "2017-10-09", "'2017-10-09' is not a date like 'Wed Mar 22 11:37:04 -0700 2017'"),
        ("user_id", "42", "Expected `str` matching regex '^[0-9a-f]{32}$' - at `$.user_id`"),
        ("review_text", {}, "Expected `int | float | str | null`, got `object` - at `$.review_text`"),
    ],
)
def test_a_review_with_a_wrong_field_is_rejected(
    tmp_path: Path, field: str, value: object, reason: str
) -> None:
    dump = write_dump(tmp_path / "goodreads_reviews_dedup.json.gz", [REVIEW | {field: value}])
    (imported,) = import_dumps(tmp_path, dump)
    assert [reject["reason"] for reject in rejects(tmp_path)] == [reason]
    assert (imported.records, imported.users, imported.written.files) == (0, 0, 0)


def test_an_author_of_a_book_without_an_id_rejects_the_book(tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "goodreads_books.json.gz", [BOOK | {"authors": [{"role": ""}]}])
    import_dumps(tmp_path, dump)
    assert [reject["reason"] for reject in rejects(tmp_path)] == [
        "Object missing required field `author_id` - at `$.authors[0]`"
    ]


def test_of_a_file_that_is_cut_off_every_whole_line_is_imported_and_the_rest_reported(tmp_path: Path) -> None:
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
    assert "the file is damaged here or before, and what follows is missing" in reject["reason"]
    assert "Compressed file ended before the end-of-stream marker" in reject["reason"]


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
    reason = "the line has {} bytes, expected at most 1,000; only its start is kept"
    assert [(reject["line"], reject["reason"], reject["text"]) for reject in rejects(tmp_path)] == [
        (2, reason.format("2,501"), "xxxxx"),
        (4, reason.format("2,500"), "xxxxx"),
    ]


def test_a_book_of_many_megabytes_is_imported(tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "goodreads_books.json.gz", [BOOK | {"description": "long " * 1_000_000}])
    import_dumps(tmp_path, dump)
    (content,) = contents(tmp_path).values()
    assert content.count(b"long") == 1_000_000


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
