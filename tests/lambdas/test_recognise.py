import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import AUTHORS, DATASETS
from lambdas.shared.planning import Header, Zones, make_plan
from lambdas.shared.recognise import dataset_of, unknown_name_problem
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
        "author.CSV",
        "Author.csv",
        "author.csv.zip",
        "author.gz",
        "author.csv.csv",
        "authors2.csv",
        "old/author.csv",
        "review/x.csv.bz2",
        ".csv",
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
    headers = {key: Header(AUTHORS.column_names) for key in keys}
    plan = make_plan("r1", [landing_object(key) for key in keys], headers, Zones("working", "quarantine"))
    assert [(file.key, file.dataset, file.target.rpartition("/")[2]) for file in plan.files] == [
        ("author.csv", "authors", "00000-author.csv"),
        ("/author.csv", "authors", "00001-author.csv"),
        ("//author.csv", "authors", "00002-author.csv"),
        ("author//author.csv", "authors", "00003-author.csv"),
    ]
