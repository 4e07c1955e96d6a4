"""From a review's publication to its row: collector and uploader are processes, and each is killed on the way."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import boto3
import pytest

from capture.simulated import Fault, SimulatedGoodreads, simulated_goodreads
from demo.display import summed_up
from demo.figures import Figures, Observer
from demo.stage import Worker
from operations.executions import StateMachine
from tests.e2e.pipeline import Pipeline, Run
from tests.local_cloud.waiting import PATIENCE, until

pytestmark = pytest.mark.e2e

FAULTS = {
    Fault.SERVER_ERROR: 0.05,
    Fault.RESET: 0.05,
    Fault.TRUNCATED: 0.05,
    Fault.BROKEN_XML: 0.05,
    Fault.UNCLOSED_TAG: 0.02,
    Fault.BLANK_LINES: 0.1,
    Fault.CONTROL_CHARACTERS: 0.1,
    Fault.IMPOSSIBLE_VALUES: 0.2,
}


@dataclass(frozen=True)
class Way:
    """What lies between Goodreads and the landing zone."""

    goodreads: SimulatedGoodreads
    collector: Worker
    uploader: Worker
    observer: Observer

    def look(self) -> Figures:
        """How far the reviews have come, if both processes are at work."""
        self.collector.check()
        self.uploader.check()
        return self.observer.look()


@pytest.fixture(scope="module")
def pipeline(warm_pipeline: Pipeline) -> Pipeline:
    return warm_pipeline


@pytest.fixture(scope="module")
def way(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    folder, landing = tmp_path_factory.mktemp("capture"), pipeline.bucket("landing")
    spool, machine = folder / "spool", StateMachine(boto3.client("stepfunctions"), "goodreads")
    with simulated_goodreads(faults=FAULTS) as goodreads:
        quick = ["--rate", "100", "--poll", "0.2s", "--max-file-age", "0.5s"]
        collect = ["collect", "--spool", str(spool), "--base-url", goodreads.url, "--key", "any", *quick]
        upload = ["upload", "--spool", str(spool), "--to", f"s3://{landing.name}", "--every", "0.2s"]
        with (
            closing(Worker("collector", collect, folder / "collector.log")) as collector,
            closing(Worker("uploader", upload, folder / "uploader.log")) as uploader,
        ):
            yield Way(goodreads, collector, uploader, Observer(goodreads, spool, landing, machine))


@pytest.fixture(scope="module")
def run(way: Way, pipeline: Pipeline) -> Run:
    """Of what has landed once every published review was captured, whatever was killed meanwhile."""
    way.goodreads.publish(20)
    way.collector.start()
    way.uploader.start()
    until(lambda: way.look().captured >= 5)
    way.collector.kill()
    way.goodreads.publish(20)
    way.collector.start()
    # the feed shows 30 reviews: of 40 that nobody has looked at, ten could not be had any more
    until(lambda: way.look().captured == 40)
    until(lambda: way.look().landed_files > 0)
    way.uploader.kill()
    way.goodreads.publish(20)
    way.uploader.start()
    until(lambda: way.look().captured == 60)
    way.collector.finish(PATIENCE)
    until(lambda: way.observer.look().spooled_files == 0)
    way.uploader.finish(PATIENCE)
    return pipeline.run({})


def test_the_warehouse_has_each_published_review_once(run: Run, way: Way, pipeline: Pipeline) -> None:
    assert run.final_state == "Succeeded"
    assert summed_up((review.id for review in way.goodreads.published), pipeline.folder).holds
    assert len(way.goodreads.published) == 60


def test_goodreads_had_failed_on_the_way(run: Run, way: Way) -> None:
    assert run.execution.status == "SUCCEEDED"
    assert {asked.fault for asked in way.goodreads.requests} & set(FAULTS)


def test_no_review_has_landed_twice_and_nothing_was_rejected(run: Run) -> None:
    datasets = run.report["datasets"]
    assert datasets["reviews"]["rows_read"] == 60
    assert {name: rows["rows_quarantined"] for name, rows in datasets.items()} == dict.fromkeys(
        ("authors", "books", "reviews", "users"), 0
    )


@pytest.mark.usefixtures("run")
def test_texts_and_ratings_are_those_that_people_see(way: Way, pipeline: Pipeline) -> None:
    stored = pipeline.query("""
        select review_id, user_id, book_id, author_id, review_text, review_rating::integer
        from goodreads_warehouse.reviews order by review_id
    """)
    assert stored == sorted(
        (each.id, each.user.id, each.book.id, each.book.authors[0].id, each.body.plain or None, each.rating)
        for each in way.goodreads.published
    )


@pytest.mark.usefixtures("run")
def test_users_books_and_all_authors_came_along(way: Way, pipeline: Pipeline) -> None:
    reviews = way.goodreads.published
    assert pipeline.counts() == {
        "authors": len({author.id for each in reviews for author in each.book.authors}),
        "books": len({each.book.id for each in reviews}),
        "reviews": 60,
        "users": len({each.user.id for each in reviews}),
    }


@pytest.mark.usefixtures("run")
def test_nothing_is_left_on_the_way_and_the_figures_say_so(way: Way) -> None:
    now = way.observer.look()
    assert (now.published, now.captured, now.in_warehouse) == (60, 60, 60)
    assert (now.spooled_files, now.landed_files) == (0, 0)
