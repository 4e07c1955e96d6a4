"""`replay`: what a run has rejected, on its way back into the landing zone."""

import csv
import gzip
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from catalog import AUTHORS
from contract.rejects import Reject
from local_cloud.state import StateFolder
from operations.__main__ import app
from operations.errors import OperationError
from operations.replay.export import export
from operations.replay.landing import land, replay
from operations.replay.records import RecordFiles, csv_record
from operations.zones import Zones, zones_here, zones_on_aws
from tests.local_cloud.conftest import Endpoint

pytestmark = pytest.mark.usefixtures("environment", "signals")

QUARANTINE = "goodreads-quarantine-123456789012-us-east-1"
LANDING = "goodreads-landing-123456789012-us-east-1"
HEADER = (
    "author_id,name,role,profile_url,average_rating,rating_count,text_review_count,record_create_timestamp"
)
AUTHOR = {
    "author_id": "x1",
    "name": 'Ursula "K." Le Guin,\nwriter',
    "role": None,
    "profile_url": "https://example.org/1",
    "average_rating": "4.1",
    "rating_count": "3",
    "text_review_count": "2",
    "record_create_timestamp": "2020-02-19 21:38:16",
}
BAD_ID = {"column": "author_id", "rule": "type", "value": "x1"}
FIELD_COUNT = {"column": None, "rule": "field_count", "value": None}


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    """A state folder with the two buckets and nothing in them."""
    folder = StateFolder(tmp_path / "state")
    for bucket in (QUARANTINE, LANDING):
        (folder.buckets / bucket).mkdir(parents=True)
    return folder


@pytest.fixture
def zones(state: StateFolder) -> Iterator[Zones]:
    with zones_here(state, "goodreads") as found:
        yield found


def reject(**changes: Any) -> dict[str, Any]:
    """A line of the Spark job for an author whose id is no number."""
    return {
        "run_id": "run-1",
        "dataset": "authors",
        "file": "s3://working/run=run-1/authors/00000-author.csv",
        "record": 7,
        "violations": [BAD_ID],
        "row": AUTHOR,
        "raw": None,
        "columns": None,
        "encoding": "UTF-8",
    } | changes


def raw_reject(raw: str, **changes: Any) -> dict[str, Any]:
    """A line for a record that could not be split into fields."""
    return reject(row=None, raw=raw, violations=[FIELD_COUNT], columns=HEADER.split(",")) | changes


def put_lines(state: StateFolder, *lines: dict[str, Any], run: str = "run-1", part: int = 0) -> None:
    dataset = lines[0]["dataset"]
    path = state.buckets / QUARANTINE / f"run={run}/{dataset}/part-{part:05d}-c000.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def put_file(state: StateFolder, key: str, name: str, content: bytes, problem: str = "lacks name") -> None:
    path = state.buckets / QUARANTINE / "run=run-1/files" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    reason = {"key": key, "etag": '"1"', "size": len(content), "problem": problem}
    path.with_name(f"{name}.reason.json").write_text(json.dumps(reason))


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def landed(state: StateFolder) -> list[str]:
    return files_below(state.buckets / LANDING)


def test_a_rejected_row_comes_back_as_a_csv_file_with_the_catalog_s_header(
    state: StateFolder, zones: Zones
) -> None:
    shuffled = dict(reversed(AUTHOR.items()))
    put_lines(state, reject(row=shuffled))
    (key,) = [file.key for file in replay(zones, "run-1")]
    assert key == "authors/replay-run-1/authors/rows-1.csv"
    assert (state.buckets / LANDING / key).read_bytes().decode() == (
        f'{HEADER}\nx1,"Ursula ""K."" Le Guin,\nwriter",,https://example.org/1,4.1,3,2,2020-02-19 21:38:16\n'
    )


def test_rows_with_unknown_columns_go_to_a_file_of_their_own_the_unknown_ones_last(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    put_lines(state, reject(row={"born": "1929"} | AUTHOR), reject(record=8), reject(record=9))
    export(zones, "run-1", tmp_path / "out")
    with_extra, plain = (tmp_path / "out/authors" / name for name in ("rows-1.csv", "rows-2.csv"))
    assert with_extra.read_text().splitlines()[0] == f"{HEADER},born"
    assert with_extra.read_text().endswith("2020-02-19 21:38:16,1929\n")
    assert len(plain.read_text().splitlines()) == 1 + 2 * 2  # a value has a line break


def test_records_that_could_not_be_split_go_below_the_header_of_their_file_as_they_were(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    other = "s3://working/run=run-1/authors/00001-b.csv.gz"
    put_lines(
        state,
        raw_reject("1,too,few"),
        reject(),
        raw_reject('2,"never closed', record=9),
        raw_reject("3,x", file=other, columns=["born", *HEADER.split(",")]),
    )
    export(zones, "run-1", tmp_path / "out")
    folder = tmp_path / "out/authors"
    assert files_below(folder) == ["raw-00000-author.csv", "raw-00001-b.csv", "rows-1.csv"]
    assert (folder / "raw-00000-author.csv").read_text() == f'{HEADER}\n1,too,few\n2,"never closed\n'
    assert (folder / "raw-00001-b.csv").read_text() == f"born,{HEADER}\n3,x\n"


def test_the_overview_says_what_is_wrong_with_each_record_and_where_it_is(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    range_too = {"column": "average_rating", "rule": "range", "value": "9"}
    put_lines(state, reject(), reject(record=8, violations=[BAD_ID, range_too]), raw_reject("1,2"))
    put_file(state, "books/a.csv", "00004-a.csv", b"title\n", "the header lacks book_id")
    overview = export(zones, "run-1", tmp_path / "out")
    with (tmp_path / "out/rejects.csv").open(newline="") as listing:
        rows = list(csv.reader(listing))
    file = "s3://working/run=run-1/authors/00000-author.csv"
    assert rows == [
        ["repair", "line", "file", "record", "column", "rule", "value"],
        ["authors/rows-1.csv", "2", file, "7", "author_id", "type", "x1"],
        ["authors/rows-1.csv", "4", file, "8", "author_id", "type", "x1"],
        ["authors/rows-1.csv", "4", file, "8", "average_rating", "range", "9"],
        ["authors/raw-00000-author.csv", "2", file, "7", "", "field_count", ""],
        ["files/books/00004-a.csv", "", "books/a.csv", "", "", "file", "the header lacks book_id"],
    ]
    lines = (tmp_path / "out/authors/rows-1.csv").read_text().split("\n")
    assert lines[2 - 1].startswith("x1,")
    assert lines[4 - 1].startswith("x1,")
    assert overview.broken["authors/rows-1.csv", "author_id", "type"] == 2
    assert overview.files == [("files/books/00004-a.csv", "the header lacks book_id")]


def test_a_row_that_is_not_utf_8_comes_back_byte_for_byte_in_a_file_of_its_own(
    state: StateFolder, zones: Zones
) -> None:
    name = "Stanis\u0142aw".encode("iso-8859-2")  # which the job gives as ISO-8859-1, one character per byte
    not_utf_8 = {"column": "name", "rule": "encoding", "value": name.decode("latin-1")}
    put_lines(
        state,
        reject(row=AUTHOR | {"name": name.decode("latin-1")}, violations=[not_utf_8], encoding="ISO-8859-1"),
        reject(row=AUTHOR | {"name": "Stanis\u0142aw"}),
        raw_reject(f"3,{name.decode('latin-1')}", encoding="ISO-8859-1"),
    )
    replay(zones, "run-1")
    folder = state.buckets / LANDING / "authors/replay-run-1/authors"
    assert files_below(folder) == ["encoding-1.csv", "raw-00000-author.csv", "rows-1.csv"]
    assert (folder / "raw-00000-author.csv").read_bytes().endswith(b"\n3,Stanis\xb3aw\n")
    assert b"\nx1,Stanis\xb3aw," in (folder / "encoding-1.csv").read_bytes()
    assert b"\nx1,Stanis\xc5\x82aw," in (folder / "rows-1.csv").read_bytes()


def test_rows_that_were_split_by_a_guess_are_landed_only_after_a_person_could_see_them(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    guessed = {"column": None, "rule": "quoting", "value": None}
    put_lines(state, reject(), reject(row=AUTHOR | {"name": 'a "b" c'}, violations=[guessed]))
    with pytest.raises(OperationError, match=r"^nothing was landed: .* Look at authors/quoting-1\.csv after"):
        replay(zones, "run-1")
    assert landed(state) == []
    export(zones, "run-1", tmp_path / "out")
    land(zones, "run-1", tmp_path / "out")
    key = "authors/replay-run-1/authors/quoting-1.csv"
    assert landed(state) == [key, "authors/replay-run-1/authors/rows-1.csv"]
    assert '"a ""b"" c"' in (state.buckets / LANDING / key).read_text()


def test_records_with_quotes_out_of_place_are_landed_only_after_a_person_could_see_them(
    state: StateFolder, zones: Zones
) -> None:
    """Side by side, `1,"Ann` and `2,Bob"` would be one record."""
    quoting = [{"column": None, "rule": "quoting", "value": None}]
    put_lines(state, raw_reject('1,"Ann', violations=quoting), raw_reject('2,Bob"', violations=quoting))
    with pytest.raises(
        OperationError, match=r"^nothing was landed: .* Look at authors/raw-00000-author\.csv after"
    ):
        replay(zones, "run-1")
    assert landed(state) == []


def test_a_line_of_an_older_job_without_columns_gives_its_row(state: StateFolder, zones: Zones) -> None:
    line = reject()
    del line["columns"]
    put_lines(state, line)
    assert [file.key for file in replay(zones, "run-1")] == ["authors/replay-run-1/authors/rows-1.csv"]


def test_a_text_of_an_older_job_without_columns_is_refused_with_the_name_of_its_file(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    line = raw_reject("1,2")
    del line["columns"]
    put_lines(state, reject(), line)
    with pytest.raises(OperationError, match=r"^record 7 of s3://working/.*/00000-author\.csv is in quarant"):
        export(zones, "run-1", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob(".replay-*")) == []
    with pytest.raises(OperationError, match=r"original of 00000-author\.csv"):
        replay(zones, "run-1")
    assert landed(state) == []


def test_a_whole_file_comes_back_byte_for_byte_under_its_dataset(state: StateFolder, zones: Zones) -> None:
    content = gzip.compress(f"{HEADER}\n1,a,,,,,,2020-01-01 00:00:00\n".encode())
    put_file(state, "author/2020/x y.csv.gz", "00002-x~20y.csv.gz", content)
    (file,) = replay(zones, "run-1")
    assert file.key == "authors/replay-run-1/files/authors/00002-x~20y.csv.gz"
    assert (state.buckets / LANDING / file.key).read_bytes() == content
    assert file.bytes == len(content)


def test_a_file_still_without_a_needed_column_keeps_everything_from_landing(
    state: StateFolder, zones: Zones
) -> None:
    put_lines(state, reject())
    put_file(state, "author.csv", "00002-author.csv", b"author_id,name\n1,a\n")
    with pytest.raises(OperationError) as told:
        replay(zones, "run-1")
    assert str(told.value).startswith(
        "nothing was landed, these files would be rejected again:\n"
        "  files/authors/00002-author.csv: the header lacks role, profile_url, "
    )
    assert landed(state) == []


def test_a_file_with_an_unknown_name_is_landed_once_it_is_in_the_folder_of_a_dataset(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    put_file(state, "dump/all.csv", "00002-all.csv", f"{HEADER}\n".encode(), "names no known dataset")
    out = tmp_path / "out"
    export(zones, "run-1", out)
    assert files_below(out) == ["files/00002-all.csv", "rejects.csv"]
    with pytest.raises(OperationError, match=r"files/00002-all\.csv: .*names no known dataset.*Move it into"):
        land(zones, "run-1", out)
    assert landed(state) == []
    (out / "authors").mkdir()
    (out / "files/00002-all.csv").rename(out / "authors/all.csv")
    assert [file.key for file in land(zones, "run-1", out)] == ["authors/replay-run-1/authors/all.csv"]


def test_a_file_that_is_only_half_copied_to_quarantine_is_not_replayed(
    state: StateFolder, zones: Zones
) -> None:
    put_lines(state, reject())
    folder = state.buckets / QUARANTINE / "run=run-1/files"
    folder.mkdir(parents=True)
    (folder / "00001-author.csv").write_text("half")
    assert [file.key for file in replay(zones, "run-1")] == ["authors/replay-run-1/authors/rows-1.csv"]


def test_what_spark_writes_beside_the_rejects_is_not_replayed(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    put_lines(state, reject())
    run = state.buckets / QUARANTINE / "run=run-1"
    unfinished = run / "authors/_temporary/0/part-00009-c000.json"
    for path in (
        run / "authors/_SUCCESS",
        run / "authors/.part-00000-c000.json.crc",
        unfinished,
        run / "unreadable/part-00000-c000.json",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"key": "author.csv"}\n')
    overview = export(zones, "run-1", tmp_path / "out")
    assert files_below(tmp_path / "out") == ["authors/rows-1.csv", "rejects.csv"]
    assert overview.broken.total() == 1


def test_what_was_repaired_is_landed_and_the_overview_is_not(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    put_lines(state, reject())
    export(zones, "run-1", tmp_path / "out")
    rows = tmp_path / "out/authors/rows-1.csv"
    rows.write_text(rows.read_text().replace("x1", "1"))
    land(zones, "run-1", tmp_path / "out")
    assert landed(state) == ["authors/replay-run-1/authors/rows-1.csv"]
    assert "\n1," in (state.buckets / LANDING / landed(state)[0]).read_text()


def test_landing_again_replaces_what_was_landed_and_nothing_else(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    there = state.buckets / LANDING / "authors/rows-1.csv"
    there.parent.mkdir()
    there.write_text("of somebody else")
    put_lines(state, reject())
    put_lines(state, reject(), part=1)
    put_lines(state, reject(), run="run-2")
    first = replay(zones, "run-1")
    tag = zones.s3.head_object(Bucket=LANDING, Key=first[0].key)["ETag"]
    export(zones, "run-1", tmp_path / "out")
    assert land(zones, "run-1", tmp_path / "out") == first
    assert zones.s3.head_object(Bucket=LANDING, Key=first[0].key)["ETag"] == tag
    replay(zones, "run-2")
    assert landed(state) == [
        "authors/replay-run-1/authors/rows-1.csv",
        "authors/replay-run-2/authors/rows-1.csv",
        "authors/rows-1.csv",
    ]
    assert there.read_text() == "of somebody else"


def test_files_of_the_same_name_in_different_folders_do_not_share_a_key(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    for name in ("author/a.csv", "authors/a.csv", "files/authors/a.csv", "authors/deep/a.csv", "author.csv"):
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEADER}\n")
    assert len({file.key for file in land(zones, "run-1", tmp_path / "out")}) == 5
    assert len(landed(state)) == 5


def test_nothing_is_deleted_from_quarantine(state: StateFolder, zones: Zones) -> None:
    put_lines(state, reject())
    put_file(state, "author.csv", "00002-author.csv", f"{HEADER}\n".encode())
    before = files_below(state.buckets / QUARANTINE)
    replay(zones, "run-1")
    assert files_below(state.buckets / QUARANTINE) == before


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "the file holds nothing, expected a header and records"),
        ("x1,a,,,,,,\n", "the header lacks author_id, name"),
        (HEADER.replace(",role", ""), "the header lacks role; found author_id, name, profile_url"),
        (HEADER.replace("role", "name"), "the header lacks role;"),
        (f"{HEADER},name", "the header names name more than once"),
        (HEADER.replace(",", ";"), "the header "),
    ],
)
def test_a_file_without_the_header_is_refused_before_anything_is_landed(
    state: StateFolder, zones: Zones, tmp_path: Path, content: str, problem: str
) -> None:
    folder = tmp_path / "out/authors"
    folder.mkdir(parents=True)
    (folder / "fine.csv").write_text(f"{HEADER}\n")
    (folder / "wrong.csv").write_text(content)
    with pytest.raises(OperationError) as told:
        land(zones, "run-1", tmp_path / "out")
    assert f"\n  authors/wrong.csv: {problem}" in str(told.value)
    assert "fine.csv" not in str(told.value)
    assert landed(state) == []


def test_of_many_unusable_files_some_are_named_and_the_rest_counted(zones: Zones, tmp_path: Path) -> None:
    folder = tmp_path / "out/authors"
    folder.mkdir(parents=True)
    for number in range(13):
        (folder / f"{number:02}.csv").write_text("")
    with pytest.raises(OperationError) as told:
        land(zones, "run-1", tmp_path / "out")
    assert str(told.value).count("holds nothing") == 10
    assert str(told.value).endswith("\n  and 3 more files")


def test_a_folder_with_nothing_but_the_overview_has_nothing_to_land(zones: Zones, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/rejects.csv").write_text("repair\n")
    with pytest.raises(OperationError, match=r"/out holds nothing to land, only rejects\.csv$"):
        land(zones, "run-1", tmp_path / "out")


def test_an_export_into_a_folder_that_holds_something_is_refused(
    state: StateFolder, zones: Zones, tmp_path: Path
) -> None:
    put_lines(state, reject())
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    for taken in (tmp_path / "full", tmp_path / "full/mine.txt"):
        with pytest.raises(OperationError, match="exists already and is not an empty folder"):
            export(zones, "run-1", taken)
    assert files_below(tmp_path / "full") == ["mine.txt"]


@pytest.mark.parametrize("folder", ["empty", "new/below/new"])
def test_an_export_makes_its_folder_or_takes_an_empty_one(
    state: StateFolder, zones: Zones, tmp_path: Path, folder: str
) -> None:
    put_lines(state, reject())
    (tmp_path / "empty").mkdir()
    export(zones, "run-1", tmp_path / folder)
    assert files_below(tmp_path / folder) == ["authors/rows-1.csv", "rejects.csv"]


def test_a_run_that_is_not_in_quarantine_is_told_with_the_newest_that_are(
    state: StateFolder, zones: Zones
) -> None:
    for age, run in enumerate(["z", "b", "c", "d", "e", "a"]):
        put_lines(state, reject(), run=run)
        for path in (state.buckets / QUARANTINE / f"run={run}").rglob("*.json"):
            os.utime(path, (1_600_000_000 - age, 1_600_000_000 - age))
    (state.buckets / QUARANTINE / "run=clean/authors").mkdir(parents=True)
    (state.buckets / QUARANTINE / "run=clean/authors/_SUCCESS").write_text("")
    with pytest.raises(OperationError) as told:
        replay(zones, "never")
    assert str(told.value) == (
        f"run never has nothing in quarantine (s3://{QUARANTINE}/run=never/); "
        "runs with rejects, the newest first: z, b, c, d, e"
    )
    with pytest.raises(OperationError, match=r"^run clean has rejected nothing "):
        replay(zones, "clean")


def test_a_run_is_not_mistaken_for_one_whose_name_begins_like_it(state: StateFolder, zones: Zones) -> None:
    put_lines(state, reject(), run="run-10")
    with pytest.raises(OperationError, match=r"^run run-1 has nothing in quarantine"):
        replay(zones, "run-1")


def test_a_deployment_that_is_not_there_is_told(state: StateFolder) -> None:
    with (
        zones_here(state, "other") as zones,
        pytest.raises(OperationError, match=r"^there is no bucket other-quarantine-.* --name$"),
    ):
        replay(zones, "run-1")


def test_a_state_folder_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    with (
        pytest.raises(OperationError, match=r"there is no state folder .*/nowhere yet"),
        zones_here(StateFolder(tmp_path / "nowhere"), "goodreads"),
    ):
        pass
    assert not (tmp_path / "nowhere").exists()


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    [",", '"', "\r", "\n", "\r\n", " a "]
)
ROWS = st.fixed_dictionaries({name: st.none() | TEXTS for name in AUTHORS.column_names})


@given(rows=st.lists(ROWS, min_size=1, max_size=5))
@settings(max_examples=50)
def test_every_value_is_read_from_its_line_as_it_was_rejected(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    with RecordFiles(folder) as files:
        places = [files.add(Reject.from_line(json.dumps(reject(row=row)).encode())) for row in rows]
    text = (folder / "authors/rows-1.csv").read_bytes().decode()
    expected = [[row[name] or "" for name in AUTHORS.column_names] for row in rows]
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == expected
    for (name, line), fields in zip(places, expected, strict=True):
        assert name == "authors/rows-1.csv"
        from_there = text.split("\n", line - 1)[line - 1]
        assert next(csv.reader(io.StringIO(from_there, newline=""))) == fields


def test_many_rows_are_cut_into_files_with_a_header_each(tmp_path: Path) -> None:
    with RecordFiles(tmp_path, file_bytes=200) as files:
        places = [files.add(Reject.from_line(json.dumps(reject()).encode())) for _ in range(5)]
    assert [(name.removeprefix("authors/"), line) for name, line in places] == [
        ("rows-1.csv", 2),
        ("rows-1.csv", 4),
        ("rows-1.csv", 6),
        ("rows-2.csv", 2),
        ("rows-2.csv", 4),
    ]
    assert [path.read_text().count(HEADER) for path in sorted(tmp_path.rglob("*.csv"))] == [1, 1]


def test_a_carriage_return_in_a_value_is_quoted_and_lines_end_with_lf() -> None:
    assert csv_record(["a\rb", "c", None]) == '"a\rb",c,\n'


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_exports_and_lands_without_an_endpoint(state: StateFolder, tmp_path: Path) -> None:
    put_lines(state, reject())
    out = tmp_path / "out"
    exported = run("replay", "run-1", "--export", out, "--state", state.root)
    assert exported.exit_code == 0, exported.output
    assert "author_id" in exported.stdout
    assert f"land them with --from {out}\n" in exported.stdout
    done = run("replay", "run-1", "--from", out, "--state", state.root)
    assert done.exit_code == 0, done.output
    assert "rows-1.csv" in done.stdout
    assert landed(state) == ["authors/replay-run-1/authors/rows-1.csv"]
    with state.locked():
        pass  # which raises if the folder were still in use


def test_the_command_lands_everything_as_it_was(state: StateFolder) -> None:
    put_lines(state, reject())
    put_lines(state, raw_reject("1,2"), part=1)
    done = run("replay", "run-1", "--state", state.root)
    assert done.exit_code == 0, done.output
    assert landed(state) == [
        "authors/replay-run-1/authors/raw-00000-author.csv",
        "authors/replay-run-1/authors/rows-1.csv",
    ]


def test_export_and_from_do_not_go_together(state: StateFolder, tmp_path: Path) -> None:
    both = run("replay", "run-1", "--export", tmp_path / "a", "--from", tmp_path, "--state", state.root)
    assert both.exit_code == 1
    assert both.stderr.startswith("error: give --export first, then repair the files")


@pytest.mark.parametrize("where", ["--state", "--aws"])
def test_the_command_goes_through_an_endpoint_that_is_up(endpoint: Endpoint, where: str) -> None:
    """`--aws` asks STS for the account and takes the region of the environment, here the endpoint's."""
    state = endpoint.state
    for bucket in (QUARANTINE, LANDING):
        (state.buckets / bucket).mkdir(exist_ok=True)
    name = f"run{where}"
    put_lines(state, reject(), run=name)
    arguments = ["--aws"] if where == "--aws" else ["--state", state.root]
    done = run("replay", name, *arguments)
    assert done.exit_code == 0, done.output
    assert f"authors/replay-{name}/authors/rows-1.csv" in landed(state)


def test_on_aws_a_missing_region_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(OperationError, match="no region is given: set AWS_REGION"):
        zones_on_aws("goodreads")
