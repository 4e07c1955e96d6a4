"""Things without an id get one: the same in every source, above Goodreads' own."""

import unicodedata
from string import hexdigits

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from capture import ids
from catalog import DATASETS

names = st.text(st.characters(codec="utf-8"), max_size=40)
own_ids = st.integers(0, 2**40)
hashes = st.text("0123456789abcdef", min_size=32, max_size=32)
isbns = st.text("0123456789", min_size=9, max_size=9)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J.K. Rowling", "J. K. Rowling"),
        ("J.K. Rowling", "j.k.  rowling"),
        ("Neil  Gaiman", " Neil Gaiman "),
        ("Flannery O'Connor", "Flannery O\N{RIGHT SINGLE QUOTATION MARK}Connor"),
        ("Martin Luther King Jr.", "Martin Luther King, Jr."),
        ("Karel \N{LATIN CAPITAL LETTER C WITH CARON}apek", "Karel C\N{COMBINING CARON}apek"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}Ann", "Ann"),
        ("\N{MODIFIER LETTER CAPITAL A}nn", "Ann"),
        ("Stra\N{LATIN SMALL LETTER SHARP S}e", "STRASSE"),
    ],
)
def test_two_spellings_of_a_name_are_one_author_and_one_user(one: str, other: str) -> None:
    assert ids.of_author(one) == ids.of_author(other)
    assert ids.of_user(one) == ids.of_user(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A. L. Smith", "Al Smith"),
        ("Pe\N{LATIN SMALL LETTER N WITH TILDE}a", "Pena"),
        (
            "\N{HIRAGANA LETTER KA}",
            "\N{HIRAGANA LETTER GA}",
        ),
        ("Ann", "Anne"),
        ("???", "!!!"),
    ],
)
def test_two_names_are_two_authors(one: str, other: str) -> None:
    assert ids.of_author(one) != ids.of_author(other)


@given(names)
def test_tidying_a_tidied_name_changes_nothing(name: str) -> None:
    assert ids.tidied(ids.tidied(name)) == ids.tidied(name)


@given(names, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]), st.sampled_from([" ", "\t", "\u00a0", "  "]))
def test_spaces_case_and_composition_never_change_an_author(name: str, form: str, space: str) -> None:
    written = unicodedata.normalize(form, name).casefold().replace(" ", space)  # type: ignore[arg-type] # one of the forms
    assert ids.of_author(f"{space}{written}{space}") == ids.of_author(name)


@given(names, own_ids, own_ids)
def test_every_id_is_above_goodreads_own_and_fits_its_column(name: str, user: int, book: int) -> None:
    made = [ids.of_author(name), ids.of_user(name), ids.of_review(user, book), ids.of_book("", name, name)]
    made.append(ids.of_numbered_user("goodbooks-10k", user))
    largest = min(dataset.column(dataset.key).maximum or 0 for dataset in DATASETS)
    assert all(2**62 <= each <= largest and ids.is_made(each) for each in made if each is not None)
    assert not ids.is_made(user)


@given(own_ids, own_ids, own_ids, own_ids)
def test_a_user_has_one_review_of_a_book(user: int, book: int, other_user: int, other_book: int) -> None:
    assert ids.of_review(user, book) == ids.of_review(user, book)
    assume((user, book) != (other_user, other_book))
    assert ids.of_review(user, book) != ids.of_review(other_user, other_book)


@pytest.mark.parametrize(
    ("digest", "number"),
    [
        ("8842281e1d1347389f2ab93d60773d4d", 6857497055887572301),
        ("00000000000000000000000000000000", 2**62),
        ("ffffffffffffffffffffffffffffffff", 2**63 - 1),
    ],
)
def test_the_id_of_a_hash_is_its_last_bits_with_a_mark_in_front(digest: str, number: int) -> None:
    assert ids.of_hash(digest) == number


@given(hashes, st.integers(17, 31), st.sampled_from(hexdigits[:16]))
def test_hashes_that_differ_in_their_second_half_have_different_ids(
    digest: str, position: int, digit: str
) -> None:
    other = digest[:position] + digit + digest[position + 1 :]
    assert (ids.of_hash(digest) == ids.of_hash(other)) == (digest == other)


def test_an_id_is_the_same_on_every_machine() -> None:
    assert ids.of_author("Ursula K. Le Guin") == 5515882400607178400
    assert ids.of_user("ann") == 5676494379585534711
    assert ids.of_review(5676494379585534711, 13642) == 7859211300549091305
    assert ids.of_book("0374159122", "", "") == 5001942921035917479
    assert ids.of_book("", "A Wizard of Earthsea", "Ursula K. Le Guin") == 7982256914451512956
    assert ids.of_numbered_user("goodbooks-10k", 314) == 7711495277813264075


@pytest.mark.parametrize("name", ["", "  ", "\N{ZERO WIDTH NO-BREAK SPACE}", "\u00a0"])
def test_an_empty_name_has_no_id(name: str) -> None:
    assert ids.of_author(name) is ids.of_user(name) is ids.of_book("", name, "Ann") is None


def test_a_name_with_a_lost_character_has_no_id() -> None:
    assert ids.of_author("Mary GrandPr\N{REPLACEMENT CHARACTER}") is None
    assert ids.is_damaged("Mary GrandPr\N{REPLACEMENT CHARACTER}")
    assert not ids.is_damaged("Mary GrandPr\u00e9")


def test_one_name_of_an_author_and_of_a_user_makes_two_ids() -> None:
    assert ids.of_author("Ann") != ids.of_user("Ann")


def test_the_same_number_in_two_sources_is_two_users() -> None:
    assert ids.of_numbered_user("goodbooks-10k", 1) != ids.of_numbered_user("other", 1)


@given(isbns)
def test_both_forms_of_an_isbn_are_one_book(digits: str) -> None:
    weighted = sum(weight * int(digit) for weight, digit in zip(range(1, 10), digits, strict=True))
    ten = f"{digits}{'0123456789X'[weighted % 11]}"
    thirteen = ids.isbn_13(ten)
    assert thirteen
    assert ids.isbn_13(thirteen) == thirteen == ids.isbn_13(f"{thirteen[:3]}-{thirteen[3:]}")
    assert ids.of_book(ten, "a", "b") == ids.of_book(thirteen, "c", "d")


@pytest.mark.parametrize(
    "text", ["", "0374159123", "9780374159120", "123", "9770374159125", "X374159122", "0374159122X"]
)
def test_what_is_no_isbn_identifies_no_book(text: str) -> None:
    assert ids.isbn_13(text) is None
    assert ids.of_book(text, "Title", "Author") == ids.of_book("", "title", "author")


def test_a_list_of_names_is_split_at_commas_but_not_before_a_suffix() -> None:
    text = "Neil Gaiman,  Terry Pratchett, Martin Luther King, Jr., , John Doe, Ph.D."
    assert ids.names_in(text) == [
        "Neil Gaiman",
        "Terry Pratchett",
        "Martin Luther King, Jr.",
        "John Doe, Ph.D.",
    ]
    assert ids.names_in("") == ids.names_in(" , ") == []


DEGREES = (
    *("PhD", "MD", "MBA", "MA", "MS", "MSc", "BA", "BSc", "MFA", "MPH", "MSW", "LCSW", "RN", "EdD", "PsyD"),
    *("JD", "DDS", "DVM", "LMFT", "CPA", "CFA", "M.B.A.", "M.A.", "M.S.", "M.Sc.", "B.A.", "B.Sc.", "M.F.A."),
    *("M.P.H.", "M.S.W.", "L.C.S.W.", "R.N.", "Ed.D.", "Psy.D.", "J.D.", "D.D.S.", "D.V.M.", "L.M.F.T."),
    *("C.P.A.", "C.F.A.", "Esq.", "Mba", "m.a.", "MA.", "Jr.", "III"),
)


@pytest.mark.parametrize("degree", DEGREES)
def test_a_degree_after_a_comma_is_a_part_of_the_name(degree: str) -> None:
    assert ids.names_in(f"Jane Doe, {degree}, Jack Foo") == [f"Jane Doe, {degree}", "Jack Foo"]
    assert ids.names_in(f"Jane Doe, PhD, {degree}") == [f"Jane Doe, PhD, {degree}"]
    assert ids.names_in(degree) == [degree]


@pytest.mark.parametrize("name", ["Ma", "Ba", "Ms", "Jd", "Yo-Yo Ma", "Bae", "Masc", "Esquivel"])
def test_a_name_after_a_comma_that_looks_like_a_degree_is_an_author(name: str) -> None:
    assert ids.names_in(f"Jane Doe, {name}") == ["Jane Doe", name]


@given(st.lists(st.tuples(st.integers(0, 2**63 - 1), own_ids), min_size=1, max_size=20))
def test_an_array_has_the_ids_of_its_numbers(pairs: list[tuple[int, int]]) -> None:
    users, books = (np.array(column, np.uint64) for column in zip(*pairs, strict=True))
    assert ids.of_review(users, books).tolist() == [ids.of_review(user, book) for user, book in pairs]
    assert ids.of_numbered_user("a", books).tolist() == [ids.of_numbered_user("a", book) for _, book in pairs]


@pytest.mark.slow
def test_a_million_reviews_have_a_million_ids() -> None:
    users, books = (each.ravel() for each in np.meshgrid(np.arange(1000), np.arange(1000)))
    made = ids.of_review(users.astype(np.uint64), books.astype(np.uint64))
    assert len(np.unique(made)) == 1_000_000
