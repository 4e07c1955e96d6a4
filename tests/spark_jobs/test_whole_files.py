"""Files are divided among tasks: each is read once, and no core waits for another that has more to do."""

from hypothesis import given
from hypothesis import strategies as st

from catalog import AUTHORS
from contract.plan import Layout, Part, PlannedFile
from spark_jobs.reading import Source
from spark_jobs.whole_files import Readable, divided, readable_files

MIB = 1024 * 1024


def of_sizes(*sizes: int) -> list[Readable]:
    return [
        Readable(number, 0, f"s3://working/{number:05d}-a.csv", size) for number, size in enumerate(sizes)
    ]


@given(st.lists(st.integers(0, 300 * MIB), max_size=60), st.integers(1, 40))
def test_each_file_is_in_one_share_and_shares_differ_by_one_file_at_most(
    sizes: list[int], cores: int
) -> None:
    files = of_sizes(*sizes)
    shares = divided(files, cores)
    assert sorted(file.file_number for share in shares for file in share) == list(range(len(files)))
    totals = [sum(file.size + 4 * MIB for file in share) for share in shares]
    assert totals == sorted(totals, reverse=True)
    assert all(share for share in shares)
    if totals:
        assert totals[0] - totals[-1] <= max(sizes) + 4 * MIB


@given(st.integers(1, 200), st.integers(1, 16))
def test_there_are_shares_for_all_cores_but_none_for_less_than_opening_a_file(files: int, cores: int) -> None:
    assert len(divided(of_sizes(*[0] * files), cores)) == min(files, max(cores, -(-files // 32)))


def test_large_files_are_a_share_each_and_the_greatest_comes_first() -> None:
    shares = divided(of_sizes(100 * MIB, 500 * MIB, 200 * MIB), cores=2)
    assert [[file.file_number for file in share] for share in shares] == [[1], [2], [0]]


def planned(key: str, target: str, size: int, *parts: Part) -> PlannedFile:
    return PlannedFile(key=key, etag="e", size=size, target=target, dataset="authors", parts=parts)


def test_parts_of_a_file_are_read_in_its_stead_and_names_are_encoded_as_spark_does() -> None:
    folder = "run=r/authors/layout=1"
    part = f"{folder}/00007-part=00000-after=0-b c.csv"
    layout = Layout(dataset=AUTHORS, columns=tuple(AUTHORS.column_names), prefix=f"s3://working/{folder}")
    whole = planned("a%20+ö.csv", f"{folder}/00003-a%20+ö.csv", 10)
    cut = planned("b c.csv", f"{folder}/00007-b c.csv", 100, Part(part, 1))
    assert readable_files([Source(layout=layout, files=(whole, cut))]) == [
        Readable(3, 0, "s3://working/run=r/authors/layout=1/00003-a%2520%2B%C3%B6.csv", 10),
        Readable(7, 0, "s3://working/run=r/authors/layout=1/00007-part=00000-after=0-b%20c.csv", 100),
    ]
