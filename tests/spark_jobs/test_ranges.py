"""However a file is divided, its ranges give the records that one reader of the whole file finds."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog import DATASETS
from contract.rejects import BYTES
from spark_jobs import csv_reader, tolerant
from spark_jobs.csv_reader import Reading, Text
from spark_jobs.ranges import (
    Borders,
    Range,
    can_be_held,
    cores_of,
    corrected,
    cut,
    divided,
    groups_of,
    held_groups_of,
    tasks_of,
)
from tests.spark_jobs.headers import skip_header

# Arrow complains where a wrong guess makes it begin within a character
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

COLUMNS = ("id", "a", "b")
Found = tuple[object, ...]
Row = tuple[str, ...]

signs = st.sampled_from(
    ['"', '""', ",", "\n", "\r\n", "\r", "1", "x", ' "', '",\n"', "é", "\n\n", "\x00", " "]
)
anything = st.lists(signs, max_size=60).map("".join)
values = st.lists(signs, max_size=5).map("".join)
rows = st.lists(st.tuples(st.integers(0, 99).map(str), values, values), max_size=15)
sizes = st.integers(1, 80)


def written(rows: Sequence[Row], *, end: str, quoting: int, is_ended: bool, mark: bytes) -> bytes:
    lines = []
    for row in [COLUMNS, *rows]:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n", quoting=quoting).writerow(row)  # type: ignore[arg-type]
        lines.append(text.getvalue().removesuffix("\r\n"))
    return mark + (end.join(lines) + (end if is_ended else "")).encode()


regular = st.builds(
    written,
    rows,
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    is_ended=st.booleans(),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
whatever = anything.map(lambda text: f"id,a,b\n{text}".encode())


def of_range(content: bytes, part: Range, block: int) -> tuple[list[Found], Borders]:
    """The records of a range, those with a fault as one text, and its borders."""
    start = part.first_byte
    blocks = [content[index : index + block] for index in range(start, len(content), block)]
    text = Text(blocks, start)
    if part.start == 0:
        skip_header(text)
    reading = Reading(text, COLUMNS, COLUMNS)
    begin = reading.go_to(part)
    if begin is None:
        return [], Borders(None, reading.text.position)
    found: list[Found] = []
    for records in reading.records(part.end or len(content)):
        numbered = {
            number: tuple(value if isinstance(value, bytes) else value.encode() for value in row.values())
            for number, row in zip(records.numbers().tolist(), records.values.to_pylist(), strict=True)
        }
        numbered |= {
            number: (record.raw.encode(BYTES), record.fault) for number, record in records.corrupt.items()
        }
        numbered |= dict.fromkeys([*records.blank, *records.passed_over], ("nothing",))
        assert sorted(numbered) == list(range(1, len(records) + 1))
        found += [numbered[number] for number in sorted(numbered)]
    return found, Borders(begin, reading.text.position)


def in_ranges(content: bytes, size: int, block: int = 16) -> tuple[list[Found], int]:
    """The records of all ranges once no border is wrong, and how often the ranges had to be read."""
    parts = cut(Range(file_number=0, uri="", size=len(content), end=len(content)), size)
    for rounds in range(1, 5):
        read = [of_range(content, part, block) for part in parts]
        right = corrected(parts, [borders for _, borders in read])
        if right == parts:
            return [record for records, _ in read for record in records], rounds
        parts = right
    raise AssertionError("the borders stay wrong")


def in_one(content: bytes) -> list[Found]:
    return in_ranges(content, max(1, len(content)), max(1, len(content)))[0]


@pytest.mark.slow
@given(rows, st.sampled_from(["\n", "\r\n"]), st.sampled_from([0, 1]), st.booleans(), sizes)
def test_ranges_of_any_size_give_what_a_csv_writer_wrote(
    rows: list[Row], end: str, quoting: int, is_ended: bool, size: int
) -> None:
    content = written(rows, end=end, quoting=quoting, is_ended=is_ended, mark=b"")

    found, _ = in_ranges(content, size)

    assert found == [tuple(value.encode() for value in row) for row in rows]


@pytest.mark.slow
@given(regular | whatever, sizes, st.integers(1, 40))
@example(b'id,a,b\n1,",\n",",\n2,",\n",",\n', 9, 40)
def test_ranges_of_any_size_give_what_one_reader_of_the_whole_file_finds(
    content: bytes, size: int, block: int
) -> None:
    assert in_ranges(content, size, block)[0] == in_one(content)


@pytest.mark.parametrize("size", [31, 40, 53, 97, 211])
def test_a_text_of_words_without_quotes_is_read_once_wherever_it_is_cut(size: int) -> None:
    """A range may begin before a blank: no record begins there, so the blank is no sign of one that holds nothing."""
    rows = [
        (f"{number}", f"a title of {number % 7} words", "2020-02-19 21:38:16.690") for number in range(100)
    ]
    content = written(rows, end="\n", quoting=0, is_ended=True, mark=b"")

    assert in_ranges(content, size)[1] == 1


MIB = 1024 * 1024


def whole_files(*sizes: int) -> list[Range]:
    return [Range(file_number=n, uri=f"{n}", size=size, end=size) for n, size in enumerate(sizes)]


@given(st.lists(st.integers(0, 300 * MIB), max_size=60), st.integers(1, 40))
def test_each_byte_is_in_one_range_each_range_in_one_task_and_tasks_are_about_alike(
    sizes: list[int], cores: int
) -> None:
    parts = divided(whole_files(*sizes), cores)
    tasks = tasks_of(parts, cores)

    for number, size in enumerate(sizes):
        bounds = [(part.start, part.end) for part in parts if part.file_number == number]
        assert [start for start, _ in bounds] == [0, *(end for _, end in bounds[:-1])]
        assert bounds[-1][1] == size
    assert sorted(index for task in tasks for index in task) == list(range(len(parts)))
    costs = [sum(parts[index].bytes + 4 * MIB for index in task) for task in tasks]
    assert costs == sorted(costs, reverse=True)
    if costs:
        assert costs[0] - costs[-1] <= max(part.bytes for part in parts) + 4 * MIB


@given(st.integers(1, 200), st.integers(1, 16))
def test_files_however_many_are_divided_among_the_cores_and_call_for_no_more_tasks(
    files: int, cores: int
) -> None:
    parts = divided(whole_files(*[0] * files), cores)
    assert len(tasks_of(parts, cores)) == min(files, cores)


@pytest.mark.parametrize(
    ("sizes", "cores", "ranges", "tasks"),
    [
        ([400], 1, 1, 1),
        ([32_000], 1, 1, 1),
        ([32_767, 1], 1, 257, 256),
        ([400], 2, 4, 4),
        ([200, 250], 1, 2, 1),
    ],
)
def test_what_one_core_does_alone_is_one_task_if_its_records_can_be_held(
    sizes: list[int], cores: int, ranges: int, tasks: int
) -> None:
    parts = divided(whole_files(*(size * MIB for size in sizes)), cores)

    assert len(tasks_of(parts, cores)) == tasks
    assert len(parts) == ranges  # nothing is cut for one task


def test_gzip_can_be_held_if_that_is_sure_whatever_it_unpacks_to() -> None:
    small, great = (Range(file_number=0, uri="", size=size * MIB) for size in (511, 512))

    assert can_be_held([small])
    assert not can_be_held([great])
    assert can_be_held([small, *whole_files(1)])
    assert not can_be_held([small, *whole_files(64 * MIB)])


def test_the_cores_go_to_the_datasets_by_their_bytes_and_each_gets_one() -> None:
    sizes = dict(zip(DATASETS, (128, 299, 482, 311), strict=True))

    assert list(cores_of(sizes, 2).values()) == [1, 1, 1, 1]
    assert list(cores_of(sizes, 8).values()) == [1, 2, 3, 2]
    assert list(cores_of(dict.fromkeys(DATASETS, 0), 8).values()) == [1, 1, 1, 1]


def test_gzip_stays_whole_and_the_greatest_task_comes_first() -> None:
    packed = Range(file_number=2, uri="a.gz", size=300 * MIB)
    parts = divided([*whole_files(100 * MIB, 200 * MIB), packed], cores=2)

    assert [(part.file_number, part.bytes // MIB) for part in parts] == [
        (0, 100),
        (1, 100),
        (1, 100),
        (2, 300),
    ]
    assert tasks_of(parts, cores=2)[0] == (3,)


def test_gzip_has_as_many_groups_of_keys_as_the_text_that_it_may_unpack_to() -> None:
    packed, plain = (Range(file_number=0, uri="", size=20 * MIB, end=end) for end in (None, 20 * MIB))

    assert (groups_of([plain]), groups_of([packed])) == (1, 2)
    assert (held_groups_of([plain]), held_groups_of([packed])) == (1, 11)


@pytest.mark.parametrize("end", ["\n", "\n\n", "\n\n\n", "\r\n\r\n"])
def test_empty_lines_at_the_end_of_a_range_make_no_second_reading_necessary(end: str) -> None:
    first = f'id,a,b\n1,2,3\n3,"odd" text,b{end}'.encode()
    content = first + b"10,a,b\n11,a,b\n12,a,b\n"
    whole = Range(file_number=0, uri="", size=len(content), end=len(content))
    parts = [replace(whole, end=len(first)), replace(whole, start=len(first))]

    read = [of_range(content, part, 16) for part in parts]

    assert [len(found) for found, _ in read] == [2, 3]
    assert corrected(parts, [borders for _, borders in read]) == parts


def test_borders_within_an_endless_line_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (csv_reader, tolerant):
        monkeypatch.setattr(module, "MAX_RECORD_CHARACTERS", 500)
    for size in ("_LINES", "_AROUND", "_STRETCH"):
        monkeypatch.setattr(csv_reader, size, 64)
    content = b"id,a,b\n1,2,3\n2,x" + b"y" * 3000 + b",b\n3,4,5\n\n4,5,6\n"

    found, _ = in_ranges(content, 700)

    assert [record[0] for record in found if len(record) == len(COLUMNS)] == [b"1", b"3", b"4"]
    assert len(found) == 4
