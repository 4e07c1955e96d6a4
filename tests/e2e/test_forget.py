"""A person is forgotten in a pipeline that has run, and that goes on afterwards."""

import gzip
import re

import pytest
from typer.testing import CliRunner

from catalog import BOOKS, REVIEWS, USERS
from operations.__main__ import app
from tests.e2e.pipeline import Pipeline
from tests.e2e.records import EVENING, MORNING, NOON, author, csv_file

pytestmark = pytest.mark.e2e

ME, OTHER = 9070707070, 9071717171
MY_NAME, MY_WORDS = "Nobody Remembers", "words that nobody keeps"


@pytest.fixture(scope="module")
def pipeline(warm_pipeline: Pipeline) -> Pipeline:
    return warm_pipeline


def user(key: int, captured: str, **more: str) -> dict[str, str]:
    name = MY_NAME if key == ME else "Somebody Else"
    return {"user_id": str(key), "user_name": name, "record_create_timestamp": captured, **more}


def review(key: int, writer: int, captured: str, **more: str) -> dict[str, str]:
    text = f"{MY_WORDS},\n{key}" if writer == ME else f'what "others"\nsay, {key}'
    fields = {
        "user_id": str(writer),
        "book_id": "1",
        "author_id": "1",
        "review_rating": "4",
        "review_text": text,
    }
    return {"review_id": str(key), "record_create_timestamp": captured, **fields, **more}


FIRST = {
    "author.csv": csv_file([author(1, "an author", NOON)]),
    "book.csv": csv_file([{"book_id": "1", "title": "a book", "record_create_timestamp": NOON}], BOOKS),
    "user.csv": csv_file([user(ME, MORNING), user(OTHER, NOON), user(ME, NOON, has_image="perhaps")], USERS),
    "reviews/a.csv.gz": gzip.compress(
        csv_file([review(n, (ME, OTHER)[n % 2], NOON) for n in range(6)], REVIEWS)
    ),
    "users/of-another-kind.csv": f"user_id,user_name\n{ME},{MY_NAME}\n".encode(),
}
LATER = {
    "user.csv": csv_file([user(ME, EVENING), user(OTHER, EVENING)], USERS),
    "reviews/b.csv": csv_file([review(7, OTHER, EVENING), review(8, ME, EVENING)], REVIEWS),
}


def holding_me(pipeline: Pipeline) -> list[str]:
    """The files of all zones that hold the id, the name or the words."""
    found = []
    for zone in ("landing", "working", "processed", "quarantine"):
        for path in sorted(path for path in pipeline.bucket(zone).rglob("*") if path.is_file()):
            content = path.read_bytes()
            content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
            if any(mark.encode() in content for mark in (str(ME), MY_NAME, MY_WORDS)):
                found.append(f"{zone}: {path.name}")
    return found


def forget(pipeline: Pipeline, *options: str) -> str:
    done = CliRunner().invoke(
        app, ["forget", "--user", str(ME), "--state", str(pipeline.folder.root), *options]
    )
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def explain(pipeline: Pipeline, kind: str, key: int) -> str:
    done = CliRunner().invoke(app, ["explain", kind, str(key), "--state", str(pipeline.folder.root)])
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_a_person_is_forgotten_everywhere_and_the_pipeline_goes_on(pipeline: Pipeline) -> None:
    for key, content in FIRST.items():
        pipeline.land(key, content)
    assert pipeline.run().final_state == "SucceededWithRejects"
    for key, content in LATER.items():
        pipeline.land(key, content)
    assert len(holding_me(pipeline)) >= 8
    explained = explain(pipeline, "user", ME)
    assert "record 1 of user.csv made the row" in explained
    assert "has_image: type" in explained

    assert "was deleted from" in forget(pipeline)

    assert re.fullmatch(rf"user_id {ME}: forgotten on [-0-9]+ [:0-9]+ UTC", explain(pipeline, "user", ME))
    assert explain(pipeline, "review", 0).startswith(
        "review_id 0 is not in goodreads_warehouse.reviews looked at"
    )

    assert holding_me(pipeline) == []
    assert pipeline.query(f"select count(*) from goodreads_warehouse.reviews where user_id = {ME}") == [(0,)]
    run = pipeline.run()
    assert run.final_state == "Succeeded"
    assert "MarkCaughtUp" in run.states  # checks and analytics first, then what has landed
    assert pipeline.landed() == []
    assert holding_me(pipeline) == []
    assert (pipeline.counts()["users"], pipeline.counts()["reviews"]) == (1, 4)
    assert run.report["datasets"]["reviews"]["rows_read"] == 1
    (counted,) = pipeline.query(
        "select place, review_count from goodreads_analytics.popular_books_review_count"
    )
    assert counted == (1, 4)
    assert "nothing of" in forget(pipeline)
    assert pipeline.run({}).final_state == "NothingToDo"


def test_a_person_who_is_delivered_again_is_inserted_as_a_new_row(pipeline: Pipeline) -> None:
    pipeline.land("user.csv", csv_file([user(ME, EVENING)], USERS))
    run = pipeline.run()
    assert run.final_state == "Succeeded"
    assert run.report["datasets"]["users"]["rows_inserted"] == 1


def test_a_person_who_is_to_be_left_out_later_is_delivered_in_vain(pipeline: Pipeline) -> None:
    assert "will be left out" in forget(pipeline, "--also-later")
    before = pipeline.counts()
    pipeline.land("user.csv", csv_file([user(ME, EVENING), user(5, NOON)], USERS))
    pipeline.land("reviews/c.csv", csv_file([review(9, ME, EVENING), review(10, 5, NOON)], REVIEWS))

    run = pipeline.run()

    assert run.final_state == "Succeeded"
    assert pipeline.counts() == {**before, "users": before["users"] + 1, "reviews": before["reviews"] + 1}
    assert pipeline.query(f"select count(*) from goodreads_warehouse.users where user_id = {ME}") == [(0,)]
    assert explain(pipeline, "review", 9).startswith("review_id 9: forgotten on")
    assert "record 2 of reviews/c.csv made the row" in explain(pipeline, "review", 10)
    assert len(holding_me(pipeline)) > 0
    assert "zone" in forget(pipeline)
    assert holding_me(pipeline) == []


def test_while_a_command_holds_the_lease_runs_are_skipped(pipeline: Pipeline) -> None:
    pipeline.change_lease(holder=f"command:forget/users/{ME}")
    pipeline.land("author.csv", csv_file([author(2, "another", NOON)]))
    run = pipeline.run()
    assert run.final_state == "Skipped"
    assert "PlanCopies" not in run.states
    forget(pipeline)
    assert "holder" not in pipeline.lease()
    assert pipeline.run().final_state == "Succeeded"
