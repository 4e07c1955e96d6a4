"""An import that dies by SIGKILL, before any line, leaves complete files only, and repeated it leaves what an undisturbed import leaves."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from rich.progress import Progress

from capture.goodbooks.importing import Importer as Goodbooks
from capture.rejects import Rejects
from landing.stores import FolderStore
from tests.capture.goodbooks.made_up import BOOK, TWILIGHT, write_folder
from tests.capture.spool.dying import dies
from tests.capture.ucsd.landed import CAPTURED_AT, NOW, import_dumps
from tests.capture.ucsd.made_up import AUTHOR, REVIEW, write_dump
from tests.capture.ucsd.made_up import BOOK as UCSD_BOOK

STEP = 43  # lines between two deaths; no divisor of what a file takes, so the deaths are at all its lines


def import_goodbooks(source: Path, target: Path) -> None:
    with Progress(disable=True) as progress, Rejects(target / "rejects.jsonl") as rejects:
        Goodbooks(
            store=FolderStore(target / "landing"),
            rejects=rejects,
            captured_at=CAPTURED_AT,
            now=NOW,
            files_of=1,
            progress=progress,
        ).run(source)


def import_ucsd(source: Path, target: Path) -> None:
    import_dumps(target, source, files_of=1)


def goodbooks(folder: Path) -> Path:
    ratings = [(user, book, 5) for user in range(1, 20) for book in (2, 3, 4)]  # no book has the number 4
    return write_folder(folder, [BOOK, TWILIGHT], ratings)


def ucsd(folder: Path) -> Path:
    reviews = [REVIEW | {"review_id": f"{number:032x}"} for number in range(20)]
    write_dump(folder / "goodreads_book_authors.json.gz", [AUTHOR])
    write_dump(folder / "goodreads_books.json.gz", [UCSD_BOOK])
    write_dump(folder / "goodreads_reviews_dedup.json.gz", [*reviews, {"rating": 5}])
    return folder


def landed(folder: Path) -> Mapping[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def everything(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "imported"), [(goodbooks, import_goodbooks), (ucsd, import_ucsd)], ids=["goodbooks", "ucsd"]
)
def test_a_killed_import_leaves_complete_files_and_can_be_repeated(
    tmp_path: Path, made: Callable[[Path], Path], imported: Callable[[Path, Path], None]
) -> None:
    source = made(tmp_path / "source")
    imported(source, tmp_path / "whole")
    whole = landed(tmp_path / "whole" / "landing")
    deaths, numbers = 0, set[int]()
    for line in range(1, 10_000, STEP):
        target = tmp_path / str(line)
        if not dies(partial(imported, source, target), line):
            break
        deaths += 1
        left = landed(target / "landing")
        numbers.add(len(left))
        assert left.items() <= whole.items()
        imported(source, target)
        assert landed(target / "landing") == whole
        assert everything(target) == everything(tmp_path / "whole")
    assert deaths > 10
    assert numbers >= set(range(len(whole)))  # it has died before and after each file
