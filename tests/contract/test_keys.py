import re

from hypothesis import example, given
from hypothesis import strategies as st

from contract import keys

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
numbers = st.integers(0, 99_999)


def test_everything_a_run_writes_is_below_its_own_folder() -> None:
    written = {
        keys.copied_key("r1"): "run=r1/copied.json",
        keys.empty_folder("r1"): "run=r1/empty/",
        keys.landed_key("r1"): "run=r1/landed.csv",
        keys.dataset_folder("r1", "authors"): "run=r1/authors/",
        keys.listed_key("r1"): "run=r1/listed.json",
        keys.plan_key("r1"): "run=r1/plan.json",
        keys.receipt_key("r1", 7): "run=r1/copied/00007.json",
        keys.receipts_prefix("r1"): "run=r1/copied/",
        keys.unreadable_prefix("r1"): "run=r1/unreadable/part-",
        keys.unusable_folder("r1"): "run=r1/files/",
    }
    assert list(written) == list(written.values())
    assert all(key.startswith(f"{keys.run_folder('r1')}/") for key in written)
    assert {keys.run_of(key) for key in written} == {"r1"}


def test_the_state_machine_fills_the_name_into_the_same_keys() -> None:
    assert keys.copied_key(keys.RUN_SLOT).format("r1") == keys.copied_key("r1")
    assert keys.run_folder(keys.RUN_SLOT).format("r1") == keys.run_folder("r1")


def test_a_bucket_is_named_by_deployment_zone_account_and_region() -> None:
    name = keys.bucket_name("goodreads", "landing", "123456789012", "us-east-1")
    assert name == "goodreads-landing-123456789012-us-east-1"


@given(numbers, texts)
@example(3, "a/part=00001-after=7-b.csv")
def test_only_the_part_of_a_file_that_an_earlier_version_cut_tells_the_records_before_it(
    number: int, key: str
) -> None:
    assert not re.search(keys.RECORDS_BEFORE, keys.file_name(number, key))
    assert re.findall(keys.RECORDS_BEFORE, "00003-part=00001-after=7-b.csv") == ["7"]
