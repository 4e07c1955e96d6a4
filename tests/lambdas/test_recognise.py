import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import DATASETS
from lambdas.shared.planning import make_plan
from lambdas.shared.recognise import dataset_of, is_marker, unknown_name_problem
from tests.lambdas.zones import landing_object

NAMES = ["author", "authors", "book", "books", "reviews", "user", "users"]
suffixes = st.sampled_from([".csv", ".csv.gz"])
file_names = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("key", "dataset"),
    [
        ("author.csv", "authors"),
        ("authors.csv", "authors"),
        ("book.csv", "books"),
        ("books.csv.gz", "books"),
        ("reviews.csv", "reviews"),
        ("user.csv", "users"),
        ("users.csv.gz", "users"),
        ("/author.csv", "authors"),
        ("reviews/2020-02-19T21-38.csv", "reviews"),
        ("user/2020/02/19/part 1.csv.gz", "users"),
        ("/books/x.csv", "books"),
        ("authors/book.csv", "authors"),
        ("Author.CSV", "authors"),
        ("BOOKS/2020-02-19.Csv.GZ", "books"),
        ("/Reviews.csv", "reviews"),
        ("book/0000_part_00", "books"),
        ("book0003_part_12", "books"),
        ("book_0000_part_00.gz", "books"),
        ("reviews.csv000", "reviews"),
        ("user.000", "users"),
        ("users/2020/by-hand-001.gz", "users"),
    ],
)
def test_a_name_or_a_folder_tells_the_dataset(key: str, dataset: str) -> None:
    found = dataset_of(key)
    assert found is not None
    assert found.name == dataset


@pytest.mark.parametrize(
    "key",
    [
        "",
        "notes.txt",
        "author",
        "author.csv.zip",
        "author.gz",
        "author.csv.csv",
        "authors2.csv",
        "old/author.csv",
        "review/x.csv.bz2",
        ".csv",
        "0000_part_00",
        "old/author_0000_part_00",
        "author_0000_part_00.zip",
        "author_0000_part_00manifest",
        "authors/manifest",
    ],
)
def test_any_other_name_is_unknown(key: str) -> None:
    assert dataset_of(key) is None


@given(st.sampled_from(NAMES), file_names, suffixes)
def test_everything_in_a_folder_of_a_dataset_is_its_own(folder: str, name: str, suffix: str) -> None:
    found = dataset_of(f"{folder}/{name}{suffix}")
    assert found is not None
    assert folder in {found.name, found.landing_name}


@given(file_names.filter(lambda folder: folder.split("/")[0] not in {*NAMES, ""}), suffixes)
def test_a_file_in_any_other_folder_is_unknown_even_if_it_has_a_known_name(folder: str, suffix: str) -> None:
    assert dataset_of(f"{folder}/author{suffix}") is None


def test_the_problem_of_an_unknown_name_says_every_name_that_would_do() -> None:
    problem = unknown_name_problem("autors.csv")
    assert problem == (
        "'autors.csv' names no known dataset; expected author.csv or authors/<name>.csv, book.csv or "
        "books/<name>.csv, reviews.csv or reviews/<name>.csv, user.csv or users/<name>.csv, each optionally with .gz"
    )
    assert len(DATASETS) == 4


def test_keys_that_differ_only_by_slashes_are_files_of_their_own_in_the_plan() -> None:
    keys = ["author.csv", "/author.csv", "//author.csv", "author//author.csv"]
    plan = make_plan("r1", [landing_object(key) for key in keys])
    assert [(file.key, file.dataset, file.target.rpartition("/")[2]) for file in plan.files] == [
        ("author.csv", "authors", "00000-author.csv"),
        ("/author.csv", "authors", "00001-author.csv"),
        ("//author.csv", "authors", "00002-author.csv"),
        ("author//author.csv", "authors", "00003-author.csv"),
    ]


@pytest.mark.parametrize(
    "key",
    [
        "_SUCCESS",
        "books/_SUCCESS",
        "books/_committed_4711",
        "books/_started_4711",
        "books/_metadata",
        "books/.part-00000.csv.crc",
        "books/part-00000.csv.crc",
        ".DS_Store",
        "reviews/.DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "books_$folder$",
        "books/",
    ],
)
def test_what_programs_leave_beside_data_is_known_by_its_name(key: str) -> None:
    assert is_marker(key)


@pytest.mark.parametrize(
    "key",
    ["author.csv", "books/_2020.csv", "books/.hidden.csv.gz", "._book.csv", "_notes.txt", "success.txt"],
)
def test_what_may_hold_data_is_no_marker(key: str) -> None:
    assert not is_marker(key)
