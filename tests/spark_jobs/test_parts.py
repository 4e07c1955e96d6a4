"""Files that were cut into parts while they were copied are still one file each."""

import pytest

from catalog import USERS
from spark_jobs.transform import TransformError
from tests.spark_jobs.workbench import Workbench

pytestmark = pytest.mark.spark


def test_the_rows_of_all_parts_are_those_of_the_file(bench: Workbench) -> None:
    bench.land_rows("users", {"user_id": "9"}, name="whole.csv")
    bench.cut("users", [{"user_id": "1"}, {"user_id": "x"}], [{"user_id": "2"}], [{"user_id": "y"}])

    counts = bench.run()["users"]

    assert (counts.rows_read, counts.rows_staged, counts.rows_quarantined) == (5, 3, 2)
    assert bench.file_rows() == {"users/0/whole.csv": (1, 0, None), "users/0/a.csv": (4, 2, None)}


def test_a_reject_of_a_part_has_its_record_number_in_the_landed_file(bench: Workbench) -> None:
    bench.land_rows("users", {}, {"user_id": "w"}, name="after=7-part=1.csv")
    bench.cut("users", [{"user_id": "1"}, {"user_id": "x"}], [{}], [{"user_id": "y"}, {}, {"user_id": "z"}])

    bench.run()

    assert [
        (reject["file"].rpartition("/")[2], reject["record"], reject["row"]["user_id"])
        for reject in bench.rejects("users")
    ] == [
        ("00000-after=7-part=1.csv", 2, "w"),
        ("00001-part=00000-after=0-a.csv", 2, "x"),
        ("00001-part=00002-after=3-a.csv", 4, "y"),
        ("00001-part=00002-after=3-a.csv", 6, "z"),
    ]


def test_a_part_that_is_gone_is_an_error_although_others_of_the_file_are_there(bench: Workbench) -> None:
    _, second, _ = bench.cut("users", [{}], [{}], [{}])
    second.unlink()

    with pytest.raises(TransformError, match=r"00000-part=00001-after=1-a\.csv is not in the working zone"):
        bench.run()


def test_rows_that_were_cut_and_not_read_are_an_error_that_says_how_many(bench: Workbench) -> None:
    _, second = bench.cut("users", [{}, {}], [{}, {}])
    second.write_bytes(second.read_bytes().rstrip(b"\n").rpartition(b"\n")[0])

    with pytest.raises(
        TransformError, match=r"users/0/a\.csv was cut into parts with 4 records, but 3 records were read"
    ):
        bench.run()


def test_a_file_in_parts_that_has_to_be_read_another_way_is_still_one_file(bench: Workbench) -> None:
    """The other file is read leniently, so this one is addressed by its name and no longer by its folder."""
    bench.cut("users", [{"user_id": "1"}], [{"user_id": "2"}])
    header = ",".join(USERS.column_names).encode()
    bench.land("users", header + b'\n3,"a" b,,,,,,,,2020-02-19 21:38:16\n', name="bad.csv")

    counts = bench.run()["users"]

    assert (counts.rows_read, counts.rows_staged) == (3, 2)
    assert bench.file_rows()["users/0/a.csv"] == (2, 0, None)
