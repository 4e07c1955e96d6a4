import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import DATASETS
from contract.plan import LandingObject, Limits
from lambdas.shared.planning import bound_batch, make_plan, summary
from tests.lambdas.zones import landing_object

ODD_KEYS = [
    "authors/with space.csv",
    "authors/with+space.csv",
    "authors/with%20space.csv",
    "authors/naïve 本.csv",
    "authors/_hidden.csv",
    "authors/.hidden.csv",
    "authors/a*b?[c]{d,e}.csv",
    "authors/a:b,c'd\"e\\f.csv",
    "authors/x.csv",
    "author/x.csv",
    "/authors/x.csv",
    "authors/deep/er/x.csv",
    f"authors/{'long' * 240}.csv",
]


def in_order_of(*minutes: int) -> list[LandingObject]:
    return [landing_object(f"{n}.csv", modified=f"2020-02-19T21:{n:02}:00+00:00") for n in minutes]


keys = st.one_of(
    st.sampled_from(ODD_KEYS),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.builds("reviews/{}.csv".format, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
)
listings = st.lists(
    st.builds(
        LandingObject,
        key=keys,
        etag=st.text(max_size=5),
        size=st.integers(0, 100),
        modified=st.datetimes().map(lambda moment: moment.isoformat()),
    ),
    unique_by=lambda item: item.key,
    max_size=30,
)


def test_the_oldest_objects_are_taken_first_and_the_key_decides_a_tie() -> None:
    newest_first = [*in_order_of(3, 2, 1), landing_object("0.csv", modified="2020-02-19T21:02:00+00:00")]
    chosen, left = bound_batch(newest_first, Limits(3, 100))
    assert [item.key for item in chosen] == ["1.csv", "0.csv", "2.csv"]
    assert left == 1


def test_a_run_takes_no_more_bytes_than_it_may() -> None:
    items = [landing_object(name, size=40) for name in "abc"]
    chosen, left = bound_batch(items, Limits(10, 80))
    assert ([item.key for item in chosen], left) == (["a", "b"], 1)


def test_an_object_bigger_than_a_run_may_take_is_taken_alone() -> None:
    items = [landing_object("a", size=1000), landing_object("b", size=1)]
    assert bound_batch(items, Limits(10, 80)) == ([items[0]], 1)


def test_an_empty_landing_zone_gives_an_empty_batch() -> None:
    assert bound_batch([], Limits(10, 80)) == ([], 0)


@pytest.mark.slow
@given(listings, st.integers(1, 10), st.integers(1, 200))
def test_the_bounds_hold_and_repeated_runs_take_everything_oldest_first(
    objects: list[LandingObject], max_files: int, max_bytes: int
) -> None:
    waiting, taken = objects, []
    while waiting:
        chosen, left = bound_batch(waiting, Limits(max_files, max_bytes))
        assert 1 <= len(chosen) <= max_files
        assert len(chosen) == 1 or sum(item.size for item in chosen) <= max_bytes
        waiting = [item for item in waiting if item not in chosen]
        assert left == len(waiting)
        taken += chosen
    assert taken == sorted(objects, key=lambda item: (item.modified, item.key))


def test_a_file_goes_to_the_folder_of_the_dataset_that_its_name_tells() -> None:
    keys = ("author.csv", "authors/a.csv", "reviews.csv")
    plan = make_plan("r1", [landing_object(key) for key in keys])
    assert [(file.target, file.dataset) for file in plan.files] == [
        ("run=r1/authors/00000-author.csv", "authors"),
        ("run=r1/authors/00001-a.csv", "authors"),
        ("run=r1/reviews/00002-reviews.csv", "reviews"),
    ]


def test_a_name_that_tells_no_dataset_goes_to_quarantine_with_the_reason() -> None:
    (file,) = make_plan("r1", [landing_object("notes.txt")]).files
    assert (file.target, file.dataset) == ("run=r1/files/00000-notes.txt", None)
    assert (file.problem or "").startswith("'notes.txt' names no known dataset")


def test_a_file_without_bytes_is_kept_apart_from_the_folders_that_spark_reads() -> None:
    plan = make_plan("r1", [landing_object("author.csv", size=0)])
    (file,) = plan.files
    assert (file.target, file.dataset, file.problem) == ("run=r1/empty/00000-author.csv", "authors", None)
    assert not summary(plan, Limits(200, 10**9))["has_rows"]


def test_every_odd_key_gets_a_target_of_its_own_that_spark_reads_as_a_plain_file() -> None:
    items = [landing_object(key) for key in ODD_KEYS]
    plan = make_plan("r1", items)
    names = [file.target.removeprefix("run=r1/authors/") for file in plan.files]
    assert names[:7] == [
        "00000-with~20space.csv",
        "00001-with~2Bspace.csv",
        "00002-with~2520space.csv",
        "00003-na~C3~AFve~20~E6~9C~AC.csv",
        "00004-_hidden.csv",
        "00005-.hidden.csv",
        "00006-a~2Ab~3F~5Bc~5D~7Bd~2Ce~7D.csv",
    ]
    assert len(set(names)) == len(ODD_KEYS)
    assert not [name for name in names if set(name) & set("*?[]{}/\\:,%+ '\"")]
    assert max(map(len, names)) < 200


def test_unusable_files_never_share_a_target_in_quarantine() -> None:
    found = ["x.txt", "/x.txt", "//x.txt", "a/x.txt", "x.txt.reason.json", "k" * 1000]
    plan = make_plan("r1", [landing_object(key) for key in found])
    reasons = [f"{file.target}.reason.json" for file in plan.files]
    targets = [file.target for file in plan.files]
    assert len({*targets, *reasons}) == 2 * len(found)
    assert max(len(reason.encode()) for reason in reasons) < 1024  # the longest key that S3 takes


@pytest.mark.slow
@given(listings, st.integers(1, 40), st.integers(1, 1000))
def test_every_listed_object_ends_in_exactly_one_place(
    objects: list[LandingObject], max_files: int, max_bytes: int
) -> None:
    chosen, left = bound_batch(objects, Limits(max_files, max_bytes))
    plan = make_plan("r1", chosen, left_for_later=left)
    folders = tuple(f"run=r1/{dataset.name}/" for dataset in DATASETS)
    places = {
        "read": {file.key for file in plan.files if file.target.startswith(folders)},
        "quarantined": {file.key for file in plan.files if file.problem},
        "empty": {file.key for file in plan.files if file.target.startswith("run=r1/empty/")},
        "left": {item.key for item in objects} - {item.key for item in chosen},
    }
    assert sum(map(len, places.values())) == len(objects)
    assert set().union(*places.values()) == {item.key for item in objects}
    assert {file.key for file in plan.files if plan.has_records(file)} == places["read"]
    assert len(places["left"]) == plan.left_for_later
    assert {(file.key, file.etag, file.size) for file in plan.files} <= {
        (item.key, item.etag, item.size) for item in objects
    }
    assert len({file.target for file in plan.files}) == len(plan.files)
    assert all(file.target.startswith("run=r1/") for file in plan.files)


@pytest.mark.slow
def test_the_summary_of_ten_thousand_files_stays_small() -> None:
    items = [
        landing_object(f"{number}.txt") if number < 5_000 else landing_object(f"reviews/{number}.csv", size=0)
        for number in range(10_000)
    ]
    made = summary(make_plan("r1", items), Limits(200, 10**9))
    assert (made["quarantined_files"], made["batches"]) == (5_000, list(range(50)))
    assert len(made["notes"]) == 20
    assert len(json.dumps(made)) < 10_000


def test_notes_are_cut_so_that_the_state_machine_can_carry_them_in_the_plan_and_in_the_report() -> None:
    widest = "\U0001f4da" * 500  # twelve bytes each as JSON writes them
    items = [landing_object(f"{widest}{number}") for number in range(30)]
    plan = make_plan("r1", items)
    made = summary(plan, Limits(200, 10**9))
    assert len(made["notes"]) == 20
    assert {len(note.encode()) for note in made["notes"]} <= set(range(396, 401))
    assert 2 * len(json.dumps(made)) < 256 * 1024 * 3 / 4
