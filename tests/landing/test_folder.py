"""A folder's files on their way into the landing zone."""

from pathlib import Path

import boto3
import pytest

from landing.bucket import BucketStore
from landing.errors import StoreError
from landing.folder import files_of, land
from tests.local_cloud.conftest import Endpoint


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_files_are_found_at_any_depth_without_the_hidden_ones(tmp_path: Path) -> None:
    write(tmp_path, "author.csv", "reviews/2020/a.csv", ".DS_Store", "reviews/.part.csv", ".git/config")
    assert files_of(tmp_path) == [tmp_path / "author.csv", tmp_path / "reviews/2020/a.csv"]


def test_a_folder_below_a_hidden_one_can_be_given(tmp_path: Path) -> None:
    write(tmp_path / ".data", "book.csv")
    assert files_of(tmp_path / ".data") == [tmp_path / ".data/book.csv"]


def test_a_missing_folder_is_told_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as told:
        files_of(tmp_path / "nowhere")
    assert str(told.value) == (
        f"found nothing at {tmp_path}/nowhere, expected a folder with author.csv, book.csv, reviews.csv or user.csv "
        "(or folders of those names with .csv files in them)"
    )


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    write(tmp_path, "author.csv")
    with pytest.raises(StoreError, match=f"^found a file at {tmp_path}/author.csv, expected a folder"):
        files_of(tmp_path / "author.csv")


@pytest.mark.parametrize("names", [(), (".hidden",)])
def test_a_folder_without_files_is_told(tmp_path: Path, names: tuple[str, ...]) -> None:
    write(tmp_path, *names)
    with pytest.raises(StoreError, match=f"^the folder {tmp_path} holds no files; expected author.csv"):
        files_of(tmp_path)


def test_files_are_landed_under_their_paths_below_the_folder(endpoint: Endpoint, tmp_path: Path) -> None:
    landing = endpoint.state.buckets / "landing"
    boto3.client("s3").create_bucket(Bucket="landing")
    write(tmp_path, "author.csv", "reviews/with space+.csv")
    assert land(tmp_path, BucketStore("landing")) == len("author.csv") + len("reviews/with space+.csv")
    found = sorted(path.relative_to(landing).as_posix() for path in landing.rglob("*.csv"))
    assert found == ["author.csv", "reviews/with space+.csv"]
    assert (landing / "author.csv").read_text() == "author.csv"
