"""How the records are cut into files, and that an import repeated lands the same."""

from collections.abc import Iterable, Iterator
from io import DEFAULT_BUFFER_SIZE
from itertools import pairwise
from pathlib import Path

import pytest
from rich.progress import Progress

from capture.ucsd import importing
from capture.ucsd.dumps import dumps_among
from capture.ucsd.importing import Importer
from catalog import REVIEWS, USERS
from landing.bucket import Bytes
from landing.stores import FolderStore
from tests.capture.ucsd.landed import CAPTURED_AT, NOW, contents, import_dumps, records
from tests.capture.ucsd.made_up import AUTHOR, REVIEW, lines, write_dump


@pytest.fixture
def reviews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dump of 100 reviews by 10 users, in batches of about 1000 bytes."""
    monkeypatch.setattr(importing, "_BATCH_BYTES", 1000)
    monkeypatch.setattr(importing, "_BATCH_USERS", 4)
    dumped = [
        REVIEW | {"review_id": f"{number:032x}", "user_id": f"{number // 10:032x}"} for number in range(100)
    ]
    return write_dump(tmp_path / "goodreads_reviews_dedup.json.gz", dumped)


@pytest.mark.slow
def test_files_are_named_after_their_first_line_and_cut_at_the_size(tmp_path: Path, reviews: Path) -> None:
    import_dumps(tmp_path, reviews, files_of=5000)
    sizes = {name: len(content) for name, content in contents(tmp_path).items()}
    assert sorted(sizes)[:2] == [
        "reviews/goodreads_reviews_dedup-000000001.csv",
        "reviews/goodreads_reviews_dedup-000000028.csv",
    ]
    cut = [size for name, size in sorted(sizes.items()) if name.startswith("reviews/")][:-1]
    assert all(5000 <= size < 6000 for size in cut)
    expected = [str(2**62 + number) for number in range(100)]
    assert [record["review_id"] for record in records(tmp_path, REVIEWS)] == expected
    assert [record["user_id"] for record in records(tmp_path, USERS)] == expected[:10]


@pytest.mark.slow
def test_every_file_has_the_catalogs_header(tmp_path: Path, reviews: Path) -> None:
    import_dumps(tmp_path, reviews, files_of=1)
    files = contents(tmp_path)
    assert len(files) > 10
    for name, content in files.items():
        dataset = REVIEWS if name.startswith("reviews/") else USERS
        assert content.startswith(",".join(dataset.column_names).encode() + b"\n")


@pytest.mark.slow
def test_an_import_repeated_makes_the_same_files(tmp_path: Path, reviews: Path) -> None:
    first = import_dumps(tmp_path / "first", reviews, files_of=5000)
    second = import_dumps(tmp_path / "second", reviews, files_of=5000)
    assert contents(tmp_path / "first") == contents(tmp_path / "second")
    assert [each.written for each in first] == [each.written for each in second]
    import_dumps(tmp_path / "first", reviews, files_of=5000)
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


@pytest.mark.slow
def test_a_part_of_a_dump_does_not_replace_the_whole(tmp_path: Path, reviews: Path) -> None:
    import_dumps(tmp_path, reviews, limit=3)
    (part,) = import_dumps(tmp_path, reviews, limit=3)
    assert (part.lines, part.records, part.users) == (3, 3, 1)
    import_dumps(tmp_path, reviews)
    assert sorted(contents(tmp_path)) == [
        "reviews/goodreads_reviews_dedup-000000001.csv",
        "reviews/goodreads_reviews_dedup-first-3-000000001.csv",
        "users/goodreads_reviews_dedup-000000001.csv",
        "users/goodreads_reviews_dedup-first-3-000000001.csv",
    ]


@pytest.mark.slow
def test_a_repeated_import_leaves_no_file_of_a_longer_dump(tmp_path: Path, reviews: Path) -> None:
    poetry = [REVIEW | {"review_id": f"{number:032x}"} for number in range(100)]
    others = write_dump(tmp_path / "goodreads_reviews_poetry.json.gz", poetry)
    import_dumps(tmp_path, others, files_of=5000)
    import_dumps(tmp_path, reviews, files_of=5000, limit=60)
    kept = contents(tmp_path)
    import_dumps(tmp_path, reviews, files_of=1)
    write_dump(reviews, [REVIEW])
    import_dumps(tmp_path, reviews)
    assert sorted(contents(tmp_path).keys() - kept.keys()) == [
        "reviews/goodreads_reviews_dedup-000000001.csv",
        "users/goodreads_reviews_dedup-000000001.csv",
    ]
    assert kept.items() <= contents(tmp_path).items()
    write_dump(reviews, [REVIEW | {"review_id": "none"}])
    import_dumps(tmp_path, reviews)
    assert contents(tmp_path) == kept


class DyingError(Exception):
    """The import died."""


class Dying(FolderStore):
    """Dies at the second file."""

    def write(self, name: str, blocks: Iterable[Bytes]) -> int:
        if not name.endswith("-000000001.csv"):
            raise DyingError
        return super().write(name, blocks)


@pytest.mark.slow
def test_an_import_that_dies_or_cannot_read_its_dump_to_the_end_removes_nothing(
    tmp_path: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_dumps(tmp_path, reviews, files_of=1)
    whole = contents(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("tests.capture.ucsd.landed.FolderStore", Dying)
        with pytest.raises(DyingError):
            import_dumps(tmp_path, reviews, files_of=5000)
    assert contents(tmp_path).keys() == whole.keys()
    reviews.write_bytes(reviews.read_bytes()[:-20])
    import_dumps(tmp_path, reviews)
    assert contents(tmp_path).keys() == whole.keys()


@pytest.mark.slow
def test_the_import_reads_at_most_a_batch_ahead_of_its_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the import needs the memory of a batch, whatever the size of the dump."""
    monkeypatch.setattr(importing, "_BATCH_BYTES", 10_000)
    dump = tmp_path / "goodreads_book_authors.json"
    dump.write_bytes(lines(AUTHOR | {"author_id": str(number)} for number in range(10_000)))
    read: list[float] = []

    class Watching(FolderStore):
        def write(self, name: str, blocks: Iterable[Bytes]) -> int:
            def watched() -> Iterator[Bytes]:
                for block in blocks:
                    read.append(progress.tasks[0].completed)
                    yield block

            return super().write(name, watched())

    with Progress() as progress:
        Importer(
            store=Watching(tmp_path),
            rejects_path=tmp_path / "rejects.jsonl",
            captured_at=CAPTURED_AT,
            now=NOW,
            files_of=1_000_000,
            limit=None,
            progress=progress,
        ).run(dumps_among([dump])[0])
    assert len(read) > 100
    assert max(later - earlier for earlier, later in pairwise(read)) < 11_000 + DEFAULT_BUFFER_SIZE
