"""A block of lines gives the records that the same lines give one by one, or it is read one by one."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.emptying import Emptied, text_table
from capture.ucsd.blocks import OddError
from capture.ucsd.dumps import Kind, dumps_among
from capture.ucsd.known import Known
from capture.ucsd.mending import Reader
from capture.ucsd.records import Context
from catalog import REVIEWS
from tests.capture.ucsd.landed import contents, import_dumps
from tests.capture.ucsd.made_up import INTERACTION, REVIEW, lines

FORMS = {"goodreads_reviews_dedup.json": REVIEW, "goodreads_interactions_poetry.json": INTERACTION}
TEXTS = [
    *(
        "",
        "Good.",
        "a  b",
        " a",
        "a ",
        "a\nb",
        "a\u00a0b",
        "a\u2028b",
        "a\u0085b",
        "a\u001fb",
        "a\u0000b",
        "a\u3000b",
    ),
    *("a <b>b</b>", "AT&amp;T", "1 < 2", "\u00e9\U0001f642", '"quoted"', "a\u200bb", "\ufeffa", "\\", "2,5"),
]
DATES = [
    *("Mon Oct 09 08:55:59 -0700 2017", "Sun Dec 31 23:30:00 -0100 2017", "Tue Feb 29 00:00:00 +1400 2000"),
    *("Thu Jan 01 00:00:00 +0000 1970", "Mon Oct 9 08:55:59 -0700 2017", "Wed Feb 29 08:55:59 -0700 2017"),
    *("Mon Oct 09 24:00:00 -0700 2017", "Mon Oct 09 08:55:59 -2500 2017", "Mon Okt 09 08:55:59 -0700 2017"),
    *("Mon Jan 01 00:00:00 +0000 0001", "Mon Oct 09 08:55:59 -0700 2117", "2017-10-09", ""),
]  # fmt: skip
NUMBERS: list[Any] = [0, 1, 5, -3, 2**40, 2**70, None, "4", 4.5, True, [], 1e3]
VALUES: dict[str, list[Any]] = {
    **{key: [*TEXTS, None, 7, ["a"]] for key in ("review_text", "review_text_incomplete")},
    **{key: [*DATES, None, 7] for key in ("date_added", "date_updated")},
    **dict.fromkeys(("rating", "n_votes", "n_comments"), NUMBERS),
    "is_read": [True, False, None, 1],
    "book_id": ["12", "0012", "1" * 18, "1" * 19, "5333265\n", "-1", 12, None, ""],
    "review_id": ["0" * 32, "f" * 32, "F" * 32, "0" * 31, "0" * 33, None],
    "user_id": ["0" * 32, "f" * 32, "g" * 32, "0" * 32 + "\n"],
}


@contextmanager
def context() -> Iterator[Context]:
    with Known() as known:
        known.add_book("5333265", "604031")
        yield Context(
            version="2017-11-01 00:00:00",
            first="1970-01-01 00:00:00",
            last="2020-02-20 12:00:00",
            known=known,
            emptied=Emptied(),
        )


def kind_of(name: str) -> Kind:
    return dumps_among([Path(name)])[0][0].kind


def at_once(kind: Kind, block: Sequence[bytes]) -> tuple[pa.Table, list[int], list[int]]:
    """The rows, the indices of their lines, and the users. Raises OddError."""
    assert kind.block
    with context() as at:
        rows = kind.block(block, at)
        assert not at.emptied.counts
        return rows.table, list(rows.lines), list(at.known.users())


def one_by_one(kind: Kind, block: Sequence[bytes]) -> tuple[pa.Table, list[int], list[int]]:
    with context() as at:
        rows = [
            (number, kind.row(kind.reader.read(line, at.emptied)[0], at)) for number, line in enumerate(block)
        ]
        kept = {number: row for number, row in rows if row}
        return text_table(REVIEWS, list(kept.values())), list(kept), list(at.known.users())


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
@given(st.data())
def test_whatever_is_in_the_fields_the_records_are_those_of_the_lines(name: str, data: st.DataObject) -> None:
    kind, form = kind_of(name), FORMS[name]
    changes = st.fixed_dictionaries(
        {}, optional={field: st.sampled_from(VALUES[field]) for field in form if field in VALUES}
    )
    block = [lines([form | change]) for change in data.draw(st.lists(changes, min_size=1, max_size=3))]
    try:
        found = at_once(kind, block)
    except OddError:
        return
    assert found == one_by_one(kind, block)


GOOD: dict[str, list[Any]] = {
    "text": [*TEXTS, None],
    "date": DATES[:3],
    "rating": [*range(6), None],
    "votes": [0, 1, -3, 2**40, None],
}


@pytest.mark.parametrize("name", FORMS)
def test_good_lines_are_read_at_once(name: str) -> None:
    kind, form = kind_of(name), FORMS[name]
    text = "review_text" if form is REVIEW else "review_text_incomplete"
    dumped = [
        *(form | {text: each} for each in GOOD["text"]),
        *(form | {"date_updated": each, "date_added": each, "book_id": "12"} for each in GOOD["date"]),
        *(form | {"rating": each, "is_read": False, text: ""} for each in GOOD["rating"]),
        *({field: form[field] for field in form if field not in ("rating", text)} for _ in range(2)),
    ]  # fmt: skip
    block = [lines([each | {"review_id": f"{number:032x}"}]) for number, each in enumerate(dumped)]
    found = at_once(kind, block)
    assert found == one_by_one(kind, block)
    assert len(found[0]) == len(block) - (0 if form is REVIEW else 2)  # neither stars nor text, and not read
    assert found[0]["author_id"].null_count == len(GOOD["date"])


ODD = {
    "two records on a line": lines([REVIEW]).strip() * 2 + b"\n",
    "a list": b"[]\n",
    "no JSON": b"{\n",
    "a field twice": lines([REVIEW]).replace(b"{", b'{"rating": 1, "rating": 2, ', 1),
    "a new line in a text": lines([REVIEW]).replace(b"\\n", b"\r"),
    "bytes that are not UTF-8": lines([REVIEW]).replace(b"on film", b"on \xff film"),
    "half a character": lines([REVIEW]).replace(b"on film", b"on \\ud800 film"),
    "NaN": lines([REVIEW]).replace(b'"rating": 5', b'"rating": NaN'),
    "a number with a zero in front": lines([REVIEW]).replace(b'"rating": 5', b'"rating": 05'),
    "a byte-order mark": "\ufeff".encode() + lines([REVIEW]),
    "no ids": b'{"rating": 5}\n',
    "no date": lines([{field: value for field, value in REVIEW.items() if field != "date_updated"}]),
}


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
def test_a_block_with_an_odd_line_is_read_one_by_one(line: bytes) -> None:
    good = lines([REVIEW])
    for block in ([line], [good, line], [line, good], [good, line, good]):
        with pytest.raises(OddError):
            at_once(kind_of("goodreads_reviews_dedup.json"), block)


def test_a_record_on_two_lines_beside_two_records_on_one_line_are_no_three_records() -> None:
    good = lines([REVIEW])
    cut = good.index(b", ") + 1
    block = [good[:cut] + b"\n", good[cut:], good.strip() * 2 + b"\n"]
    with pytest.raises(OddError):
        at_once(kind_of("goodreads_reviews_dedup.json"), block)


@pytest.mark.parametrize("name", FORMS)
def test_an_import_at_once_lands_what_an_import_one_by_one_lands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    dumped = [FORMS[name] | {"review_id": f"{number:032x}", "rating": number % 6} for number in range(50)]
    dumped[3]["n_votes"] = -3  # becomes empty
    spaced = tmp_path / "spaced" / name
    spaced.parent.mkdir()
    spaced.write_bytes(b"".join(b" " + json.dumps(each).encode() + b"\n" for each in dumped))
    (one,) = import_dumps(tmp_path / "one", spaced)
    (tmp_path / name).write_bytes(lines(dumped))

    def refuse(*_: object) -> None:
        pytest.fail("a line was read for itself")

    monkeypatch.setattr(Reader, "read", refuse)
    (all_,) = import_dumps(tmp_path / "all", tmp_path / name)
    assert contents(tmp_path / "all") == contents(tmp_path / "one") != {}
    assert (all_.lines, all_.records, all_.emptied) == (one.lines, one.records, one.emptied)


def test_a_block_of_books_that_only_stand_on_a_shelf_has_no_record() -> None:
    line = lines([INTERACTION | {"is_read": False, "rating": 0, "review_text_incomplete": ""}])
    table, kept, users = at_once(kind_of("goodreads_interactions_poetry.json"), [line] * 3)
    assert (len(table), kept, users) == (0, [], [])
