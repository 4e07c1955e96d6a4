"""`python -m capture import-ucsd`, as it is typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from capture.ucsd import importing
from capture.ucsd.command import import_ucsd
from capture.ucsd.dumps import UnknownDumpError, dumps_among
from catalog import AUTHORS, BOOKS, REVIEWS, USERS
from local_cloud.s3.server import S3Server
from tests.capture.answered import answered
from tests.capture.ucsd.landed import contents, records
from tests.capture.ucsd.made_up import AUTHOR, BOOK, REVIEW, WORK, write_dump

LANDED = [
    "authors/goodreads_book_authors-000000001.csv",
    "books/goodreads_books-000000001.csv",
    "reviews/goodreads_reviews_dedup-000000001.csv",
    "users/goodreads_reviews_dedup-000000001.csv",
]


def imported(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(import_ucsd)
    return CliRunner().invoke(app, [str(argument) for argument in arguments], terminal_width=200)


@pytest.fixture
def dumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name, record in (
        ("goodreads_reviews_dedup", REVIEW),
        ("goodreads_books", BOOK),
        ("goodreads_book_authors", AUTHOR),
    ):
        write_dump(tmp_path / "dumps" / f"{name}.json.gz", [record])
    return tmp_path / "dumps"


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder behind the bucket `landing`."""
    folder = tmp_path / "buckets" / "landing"
    folder.mkdir(parents=True)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = S3Server(folder.parent)
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
    yield folder
    server.stop()


def test_a_folder_of_dumps_becomes_landing_files(tmp_path: Path, dumps: Path) -> None:
    result = imported(dumps, "--out", tmp_path / "landing")
    assert result.exit_code == 0, result.output
    assert sorted(contents(tmp_path)) == LANDED
    assert not Path("ucsd-rejects.jsonl").exists()


def test_the_table_counts_lines_records_rejects_users_and_files(tmp_path: Path, dumps: Path) -> None:
    poetry = [REVIEW | {"n_votes": -1, "n_comments": -1}, REVIEW | {"user_id": "none"}]
    write_dump(dumps / "goodreads_reviews_poetry.json.gz", poetry)
    result = imported(dumps, "--out", tmp_path / "landing", "--rejects", "out/rejects.jsonl")
    assert result.exit_code == 1
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in result.stdout.splitlines()
        if "json.gz" in line
    ]
    assert rows == [
        ["goodreads_book_authors.json.gz", "1", "1", "0", "0", "0", "0", "1"],
        ["goodreads_books.json.gz", "1", "1", "0", "0", "0", "0", "1"],
        ["goodreads_reviews_dedup.json.gz", "1", "1", "0", "0", "0", "1", "2"],
        ["goodreads_reviews_poetry.json.gz", "2", "1", "0", "1", "2", "1", "2"],
    ]
    assert "rejected lines, with reasons: out/rejects.jsonl" in result.stderr
    assert [json.loads(line)["line"] for line in Path("out/rejects.jsonl").read_text().splitlines()] == [2]


def test_the_answer_in_json_counts_what_was_written(tmp_path: Path, dumps: Path) -> None:
    poetry = [REVIEW | {"n_votes": -3, "review_id": "1" * 32}, REVIEW | {"user_id": "none"}]
    write_dump(dumps / "goodreads_reviews_poetry.json.gz", poetry)
    write_dump(dumps / "goodreads_book_series.json.gz", [])
    document, said, code = answered("import-ucsd", dumps, "--out", tmp_path / "landing")
    assert code == 1
    assert document.pop("seconds") > 0
    files = contents(tmp_path)
    told = document.pop("dumps")
    assert document == {
        "bytes": sum(map(len, files.values())),
        "mended": 0,
        "has_works": False,
        "lacks_books": False,
        "other_files": ["goodreads_book_series.json.gz"],
        "rejects": "ucsd-rejects.jsonl",
        "emptied": {"reviews.review_votes": {"count": 1, "first": "-3"}},
    }
    assert told[-1] == {
        "dump": "goodreads_reviews_poetry.json.gz",
        "lines": 2,
        "records": 1,
        "left_out": 0,
        "rejected": len(Path("ucsd-rejects.jsonl").read_text().splitlines()),
        "emptied": 1,
        "users": 1,
        "files": 2,
    }
    assert sum(each["files"] for each in told) == len(files)
    assert sum(each["records"] + each["users"] for each in told) == sum(
        len(records(tmp_path, dataset)) for dataset in (AUTHORS, BOOKS, REVIEWS, USERS)
    )
    assert said == "rejected lines, with reasons: ucsd-rejects.jsonl\n"
    refused = answered("import-ucsd", tmp_path / "landing", "--out", tmp_path / "other")
    assert refused.exit_code == 2
    assert "no file in it is named like a dump" in refused.document["error"]


def test_the_last_line_says_how_many_impossible_values_became_empty(tmp_path: Path, dumps: Path) -> None:
    odd = [REVIEW | {"n_votes": votes, "n_comments": -1} for votes in (-3, -1, 5)]
    write_dump(dumps / "goodreads_reviews_dedup.json.gz", odd)
    write_dump(dumps / "goodreads_books.json.gz", [BOOK | {"publication_year": "65535"}])
    result = imported(dumps, "--out", tmp_path / "landing")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == (
        "7 impossible values became empty: books.publication_year 1 ('65535'), books.published 1 ('65535'), "
        "reviews.comments_count 3 ('-1'), reviews.review_votes 2 ('-3')"
    )


def test_lines_that_were_no_json_are_told(tmp_path: Path, dumps: Path) -> None:
    (dumps / "goodreads_book_authors.json").write_bytes(b'{"author_id": "1", "name": "caf\xe9"}\n')
    (dumps / "goodreads_book_authors.json.gz").unlink()
    result = imported(dumps, "--out", tmp_path / "landing")
    assert result.exit_code == 0
    assert (
        "1 lines were not valid JSON and were read even so; bytes that are no characters became U+FFFD"
        in result.stdout
    )


def test_a_version_with_an_offset_is_told_in_utc(tmp_path: Path, dumps: Path) -> None:
    result = imported(dumps, "--out", tmp_path / "landing", "--captured-at", "2024-01-01T10:00:00+02:00")
    assert result.exit_code == 0
    (authors,) = (tmp_path / "landing" / "authors").iterdir()
    assert "2024-01-01 08:00:00" in authors.read_text()


@pytest.mark.parametrize("moment", ["1899-12-31", "2999-01-01"])
def test_a_version_that_the_pipeline_would_reject_is_refused(
    tmp_path: Path, dumps: Path, moment: str
) -> None:
    result = imported(dumps, "--out", tmp_path / "landing", "--captured-at", moment)
    assert result.exit_code == 2
    assert "the pipeline would reject every record of" in result.output
    assert contents(tmp_path) == {}


def test_dumps_go_to_a_bucket_below_a_prefix(dumps: Path, bucket: Path) -> None:
    result = imported(dumps, "--out", "s3://landing/prefix")
    assert result.exit_code == 0, result.output
    assert sorted(contents(bucket.parent)) == [f"prefix/{name}" for name in LANDED]


@pytest.mark.slow
def test_a_bucket_gets_the_same_files_as_a_folder(
    tmp_path: Path, dumps: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        importing, "_BATCH_BYTES", 1000
    )  # the uploading threads draw all batches but the first
    reviews = [REVIEW | {"review_id": f"{number:032x}", "user_id": f"{number:032x}"} for number in range(50)]
    write_dump(dumps / "goodreads_reviews_dedup.json.gz", reviews)
    for out in ("s3://landing", tmp_path / "landing"):
        result = imported(dumps, "--out", out, "--files-of", "5kB")
        assert result.exit_code == 0, result.output
    assert len(contents(tmp_path)) > len(LANDED)
    assert contents(bucket.parent) == contents(tmp_path)


@pytest.mark.slow
def test_an_import_into_a_bucket_that_is_repeated_leaves_no_file_of_a_longer_dump(
    dumps: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_BATCH_BYTES", 1000)
    reviews = [REVIEW | {"review_id": f"{number:032x}"} for number in range(50)]
    write_dump(dumps / "goodreads_reviews_dedup.json.gz", reviews)
    imported(dumps, "--out", "s3://landing/prefix", "--files-of", "5kB")
    assert len(contents(bucket.parent)) > len(LANDED)
    imported(dumps, "--out", "s3://landing/prefix", "--limit", "3")
    write_dump(dumps / "goodreads_reviews_dedup.json.gz", [REVIEW])
    result = imported(dumps, "--out", "s3://landing/prefix")
    assert result.exit_code == 0, result.output
    of_three = [name.replace("-000000001", "-first-3-000000001") for name in LANDED]
    assert sorted(contents(bucket.parent)) == sorted(f"prefix/{name}" for name in (*LANDED, *of_three))


def test_a_bucket_that_is_not_there_ends_the_import_with_what_to_do(dumps: Path, bucket: Path) -> None:
    bucket.rmdir()
    result = imported(dumps, "--out", "s3://landing")
    assert result.exit_code == 2
    assert "there is no such bucket; make it" in result.output


def test_files_without_anything_of_the_catalog_are_left_out_and_named(tmp_path: Path, dumps: Path) -> None:
    write_dump(dumps / "goodreads_book_genres_initial.json.gz", [])
    write_dump(dumps / "goodreads_book_series.json.gz", [])
    result = imported(dumps, "--out", tmp_path / "landing")
    assert result.exit_code == 0
    assert "goodreads_book_genres_initial.json.gz, goodreads_book_series.json.gz" in result.stdout


def test_reviews_without_books_are_said_to_have_no_author(tmp_path: Path, dumps: Path) -> None:
    result = imported(dumps / "goodreads_reviews_dedup.json.gz", "--out", tmp_path / "landing")
    assert "no books were given, so the reviews have no author" in result.stdout
    assert "no books were given" not in imported(dumps, "--out", tmp_path / "landing").stdout


def test_series_and_genres_that_are_named_beside_dumps_are_said_to_be_left_out(
    tmp_path: Path, dumps: Path
) -> None:
    names = [
        *("goodreads_book_genres_initial.json.gz", "gooreads_book_genres_initial.json.gz"),
        "goodreads_book_series.json.gz",
    ]
    given = [write_dump(tmp_path / name, []) for name in names]
    result = imported(*given, dumps / "goodreads_books.json.gz", "--out", tmp_path / "landing")
    assert result.exit_code == 0
    assert ", ".join(names) in result.stdout
    with pytest.raises(UnknownDumpError, match=r"genres_initial.json.gz.*: nothing in it becomes a record"):
        dumps_among(given)


def test_works_are_said_to_make_no_records_and_are_refused_alone(tmp_path: Path, dumps: Path) -> None:
    works = write_dump(tmp_path / "goodreads_book_works.json.gz", [WORK])
    result = imported(works, dumps / "goodreads_books.json.gz", "--out", tmp_path / "landing")
    assert result.exit_code == 0
    told = "works make no records: the books have from them the years of their first publication"
    assert told in result.stdout
    assert told not in imported(dumps, "--out", tmp_path / "landing").stdout
    reviews = imported(works, dumps / "goodreads_reviews_dedup.json.gz", "--out", tmp_path / "landing")
    assert "no books were given, so the reviews have no author" in reviews.stdout
    assert told not in reviews.stdout
    with pytest.raises(
        UnknownDumpError, match=r"^goodreads_book_works.json.gz: nothing in it becomes a record"
    ):
        dumps_among([works])


@pytest.mark.parametrize("name", ["goodreads_books.csv", "reviews.json.gz"])
def test_a_file_that_is_no_dump_is_refused_with_the_names_that_are(
    tmp_path: Path, dumps: Path, name: str
) -> None:
    write_dump(dumps / name, [])
    result = imported(dumps / name, "--out", tmp_path / "landing")
    assert result.exit_code == 2
    assert contents(tmp_path) == {}
    with pytest.raises(UnknownDumpError) as refused:
        dumps_among([dumps / name])
    assert str(refused.value) == (
        f"{dumps / name}: it is not named like a dump, with .json.gz or .json at the end: goodreads_book_works; goodreads_book_authors; "
        "goodreads_books[_<genre>]; goodreads_reviews_dedup, _<genre> or _spoiler_raw; goodreads_reviews_spoiler; "
        "goodreads_interactions_dedup or _<genre>; or goodreads_interactions.csv"
        + ("; rename it to one of these names, or unpack it, or move it elsewhere" if "books" in name else "")
    )


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("goodreads_reviews_poetry (1).json.gz", "rename it to goodreads_reviews_poetry.json.gz"),
        ("goodreads_reviews_poetry.json (2).gz", "rename it to goodreads_reviews_poetry.json.gz"),
        ("goodreads_reviews_poetry.json.gz.1", "rename it to goodreads_reviews_poetry.json.gz"),
        ("Goodreads_Books_poetry.json.gz", "rename it to goodreads_books_poetry.json.gz"),
        ("gooreads_book_works.json.gz", "rename it to goodreads_book_works.json.gz"),
        ("goodreads_book_authors (1).json", "rename it to goodreads_book_authors.json"),
        ("goodreads_interactions.csv.gz", "unpack it to goodreads_interactions.csv"),
        ("goodreads_interactions (1).csv.gz", "unpack it to goodreads_interactions.csv"),
        ("goodreads_books_poetry.json.zip", "unpack it to goodreads_books_poetry.json"),
        ("goodreads_reviews_poetry.json.gz.part", "its download has not ended: end it"),
        ("goodreads_reviews.jsonl", "rename it to one of these names, or unpack it, or move it elsewhere"),
        ("goodreads_reviews_dedup (1).json.gz", "goodreads_reviews_dedup.json.gz is beside it: keep one of"),
    ],
)
def test_a_file_of_a_folder_that_begins_like_a_dump_is_refused_with_what_to_do(
    tmp_path: Path, dumps: Path, name: str, way_out: str
) -> None:
    (dumps / name).write_bytes(b"")
    result = imported(dumps, "--out", tmp_path / "landing")
    assert result.exit_code == 2
    assert contents(tmp_path) == {}
    for given in (dumps, dumps / name):
        with pytest.raises(UnknownDumpError) as refused:
            dumps_among([given])
        assert str(refused.value).startswith(f"{dumps / name}: it is not named like a dump")
        assert way_out in str(refused.value)


def test_foreign_files_in_a_folder_are_left_out_and_named(tmp_path: Path, dumps: Path) -> None:
    for name in ("README.md", "goodreads_book_series (1).json.gz"):
        (dumps / name).write_bytes(b"")
    result = imported(dumps, "--out", tmp_path / "landing")
    assert result.exit_code == 0
    assert "catalog: README.md, goodreads_book_series (1).json.gz" in result.stdout


@pytest.mark.parametrize("name", ["dumps", "goodreads_reviews"])
def test_a_folder_without_dumps_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(UnknownDumpError, match=r"no file in it is named like a dump.*interactions.csv$"):
        dumps_among([tmp_path / name])


def test_two_dumps_that_would_become_the_same_files_are_refused(dumps: Path) -> None:
    (dumps / "goodreads_books.json").write_bytes(b"")
    with pytest.raises(UnknownDumpError, match="would become the same landing files; import one of them"):
        dumps_among([dumps])


def test_rejects_among_the_landing_files_are_refused(tmp_path: Path, dumps: Path) -> None:
    result = imported(dumps, "--out", tmp_path / "landing", "--rejects", tmp_path / "landing" / "rejects")
    assert result.exit_code == 2
    assert "choose a path outside --out" in result.output
    assert contents(tmp_path) == {}


def test_books_are_read_before_the_reviews_that_need_them(dumps: Path) -> None:
    for name in ("goodreads_reviews_spoiler", "goodreads_reviews_spoiler_raw", "goodreads_books_poetry"):
        write_dump(dumps / f"{name}.json.gz", [])
    assert [dump.stem for dump in dumps_among(sorted(dumps.iterdir(), reverse=True))[0]] == [
        "goodreads_book_authors",
        "goodreads_books",
        "goodreads_books_poetry",
        "goodreads_reviews_dedup",
        "goodreads_reviews_spoiler_raw",
        "goodreads_reviews_spoiler",
    ]
