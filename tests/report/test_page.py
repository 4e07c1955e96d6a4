"""The page of each kind of run, in a real browser."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import reduce
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser

from report.document import Document
from report.index import index_page, with_run
from report.making import EXAMPLE_ACCOUNT
from report.page import page_of
from tests.browser.browser import Opened, opened
from tests.local_cloud.waiting import until
from tests.report.examples import KINDS

pytestmark = pytest.mark.slow

WORDS = {
    "succeeded": "Succeeded",
    "succeeded_with_rejects": "Succeeded with rejects",
    "failed": "Failed",
    "skipped": "Skipped",
    "nothing_to_do": "Nothing to do",
    "running": "Running",
}
HOSTILE = [
    "<script>document.title = 'run'</script>",
    "</script><script>document.title = 'run'</script>",
    "<!--<script>",
    "<img src=x onerror=\"document.title = 'run'\">",
    "كيف تبني شخصيتك الروحية",
    "百年の孤独",
    "w" * 300,
    "\u202etxt.exe\u2028&amp;${x}$document",
]


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def address(kind: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(page_of(KINDS[kind]()), tmp_path_factory.mktemp(kind))


@pytest.fixture(scope="module")
def wide(browser: Browser, address: str) -> Iterator[Opened]:
    with opened(browser, address) as page:
        yield page


def written(page: str, folder: Path) -> str:
    file = folder / "index.html"
    file.write_text(page, encoding="utf-8")
    return file.as_uri()


def test_the_first_words_are_the_outcome(kind: str, wide: Opened) -> None:
    assert wide.texts("h1") == [WORDS[KINDS[kind]()["outcome"]]]
    assert wide.page.locator("h1 svg path").count() == 1  # a shape besides the word


def test_each_number_is_the_documents(kind: str, wide: Opened) -> None:
    document = KINDS[kind]()
    shown = wide.numbers()
    integers = {path: text for path, text in shown.items() if isinstance(at(document, path), int)}
    assert {path: text.replace(",", "") for path, text in integers.items() if not path.endswith("bytes")} == {
        path: str(at(document, path)) for path in integers if not path.endswith("bytes")
    }
    for path, text in shown.items():
        if at(document, path) is None:
            assert text == "not known"


def test_no_count_of_the_document_is_left_out(kind: str, wide: Opened) -> None:
    document = KINDS[kind]()
    shown = set(wide.numbers())
    rows = [
        f"datasets/{place}/{part}"
        for place, of in enumerate(document["datasets"])
        for part in of
        if part not in ("run_id", "dataset")
    ]
    rejects = [f"rejects/{place}/rows" for place in range(len(document["rejects"]))]
    checks = [f"checks/{place}/violations" for place in range(len(document["checks"]))]
    assert {*rows, *rejects, *checks, "files/total"} <= shown


@pytest.mark.parametrize(("idle", "why"), [("skipped", "Another run"), ("nothing_to_do", "No new file")])
def test_a_run_that_did_nothing_says_why_in_a_sentence_and_has_no_empty_sections(
    browser: Browser, tmp_path: Path, idle: str, why: str
) -> None:
    with opened(browser, written(page_of(KINDS[idle]()), tmp_path)) as found:
        assert found.texts("header p.notes")[0].startswith(why)
        sections = set(found.page.eval_on_selector_all("main section", "(all) => all.map((one) => one.id)"))
        assert not {"rows", "analytics", "refused", "checks", "files", "lineage"} & sections


def require_sums(found: Opened, document: dict[str, Any]) -> None:
    """The sums are those of the rows that the run read itself."""
    sums = found.page.eval_on_selector_all(
        "[data-sum]", "(all) => all.map((one) => [one.dataset.sum, one.textContent])"
    )
    assert bool(sums) == bool(document["datasets"])
    for path, text in sums:
        of, key = path.split("/")
        own = [one for one in document[of] if one["run_id"] == document["run_id"]]
        assert int(text.replace(",", "")) == sum(one[key] for one in own)


def test_the_sums_are_the_sums(kind: str, wide: Opened) -> None:
    require_sums(wide, KINDS[kind]())


@pytest.mark.parametrize("own", [4, 0])
def test_rows_of_a_run_that_was_made_up_for_are_shown_apart_and_in_no_sum(
    browser: Browser, tmp_path: Path, own: int
) -> None:
    document = KINDS["clean"]()
    earlier = {"read": 151, "inserted": 150, "updated": 0, "stale": 0, "duplicate": 0, "quarantined": 1}
    before = document["datasets"][1] | earlier | {"run_id": "r0"}
    document["datasets"] = [*document["datasets"][:own], before]
    with opened(browser, written(page_of(document), tmp_path)) as found:
        require_sums(found, document)
        assert found.texts("header p")[0].endswith(f" · {6604 if own else 0:,} rows")
        told = found.page.inner_text("#rows")
        assert "Those rows are shown apart and are in no sum of this page." in told
        assert found.texts("#rows figcaption")[-1] == "Rows of the earlier run r0"
        assert ("This run read no row itself." in told) == (not own)
        numbers = found.numbers()
        assert numbers[f"datasets/{own}/read"] == "151"
        assert found.texts("#rows td:first-child")[-1] == "books of r0"
        assert (found.complaints, found.violations()) == ([], [])


def test_the_page_asks_for_nothing_and_has_nothing_to_complain_of(kind: str, wide: Opened) -> None:
    wide.unfold()
    assert (wide.complaints, wide.requests) == ([], []), kind


def at(document: Any, path: str) -> Any:
    return reduce(
        lambda inner, key: inner[int(key) if isinstance(inner, list) else key], path.split("/"), document
    )


def test_axe_finds_nothing_in_the_light(wide: Opened) -> None:
    assert wide.violations() == []


def test_axe_finds_nothing_in_the_dark_on_a_phone_and_nothing_is_wider_than_the_screen(
    browser: Browser, address: str, wide: Opened
) -> None:
    assert not wide.is_wider_than_the_screen()
    with opened(browser, address, width=360, theme="dark") as narrow:
        assert narrow.violations() == []
        assert not narrow.is_wider_than_the_screen()
        narrow.unfold()
        assert not narrow.is_wider_than_the_screen()


ANALYTICS = [
    (["captured_day", "review_count"], [["2020-02-19", 4], ["2020-02-21", 1]], "2020-02-19: 4"),
    (["stars", "review_count", "share"], [[0, 2, 0.5], [5, 2, 0.5]], "5: 2"),
    (["subject", "review_count", "unknown_review_count"], [["books", 9, 4]], "books: 4"),
    (["place", "user_id", "is_known", "review_count"], [[1, 7, False, 3]], "id 7: 3"),
    (["place", "book_id", "title", "review_count", "weighted_rating"], [[1, 7, None, 3, 4.1]], "id 7: 4.1"),
    (["anything"], [[None]], None),
]


def test_each_kind_of_analytics_table_has_a_chart_of_its_own(browser: Browser, tmp_path: Path) -> None:
    document = KINDS["clean"]()
    document["analytics"] = [
        {
            "table": f"table_{place}",
            "title": f"Table {place}",
            "columns": [{"name": name, "description": None} for name in names],
            "rows": rows,
        }
        for place, (names, rows, _) in enumerate(ANALYTICS)
    ]
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert (found.complaints, found.violations()) == ([], [])
        says = found.page.eval_on_selector_all(
            "#analytics [role=img]", "(all) => all.map((one) => one.getAttribute('aria-label'))"
        )
        for label, wanted in zip(says, [said for *_, said in ANALYTICS if said], strict=True):
            assert wanted in label


@pytest.mark.parametrize(
    ("severity", "said"), [("warn", "▲ 1 warning of 1 rule"), ("block", "✕ 1 rule of 1 rule")]
)
def test_the_glance_tells_a_warning_from_a_rule_that_blocks(
    browser: Browser, tmp_path: Path, severity: str, said: str
) -> None:
    document = KINDS["clean"]()
    words = "the newest record was captured 40 days ago, expected at most 30"
    violated = {"severity": severity, "violations": 1, "limit": 0, "says": words}
    document["checks"] = [document["checks"][0] | violated]
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert said in " ".join(found.page.locator(".key").inner_text().split())
        assert words in found.page.locator("#checks").inner_text()


@pytest.mark.parametrize(
    ("outcome", "said"), [("succeeded", "failed, and the run handled it"), ("failed", "failed")]
)
def test_a_failure_that_the_run_handled_is_told_from_the_one_that_ended_it(
    browser: Browser, tmp_path: Path, outcome: str, said: str
) -> None:
    document = KINDS["clean"]()
    document["outcome"] = outcome
    document["states"][1]["status"] = "failed"
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert found.texts("#time .legend li") == ["work", "waiting", said]
        folded = found.page.locator("#events summary").filter(has_text="failed")
        assert folded.all_inner_texts()[0].startswith(f"{document['states'][1]['name']} {said}\n")
        name = document["states"][1]["name"]
        words = found.page.locator("#time figure [aria-label]").first.get_attribute("aria-label")
        assert f", {said}" in str(words)
        node = found.page.get_by_role("button", name=f"{name}: {said}", exact=True)
        bad, painted = (
            node.evaluate(f"(box) => {script}")
            for script in (
                "getComputedStyle(document.documentElement).getPropertyValue('--bad').trim()",
                "box.getAttribute('fill') ?? box.parentElement.getAttribute('fill')",
            )
        )
        assert (painted in (bad, "var(--bad)")) == (outcome == "failed")


def test_a_run_that_failed_early_does_not_look_as_if_there_had_been_nothing_to_do(
    browser: Browser, tmp_path: Path
) -> None:
    with opened(browser, written(page_of(KINDS["failed_in_spark"]()), tmp_path)) as found:
        said = {
            name: found.page.locator(f"#{name} .empty").first.inner_text()
            for name in ("checks", "refused", "analytics")
        }
    assert said == {
        "checks": "No rule ran: the run ended before its checks.",
        "refused": "Nothing that is known: the run ended early.",
        "analytics": "The run ended before its analytics. The tables are as an earlier run left them.",
    }


def test_tables_that_were_filled_and_not_read_are_not_called_those_of_an_earlier_run(
    browser: Browser, tmp_path: Path
) -> None:
    document = KINDS["clean"]()
    document["analytics"] = []
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert found.texts("#analytics .empty") == ["What the tables hold was not read."]


def test_a_count_of_one_has_the_singular(browser: Browser, tmp_path: Path) -> None:
    document = KINDS["clean"]()
    counts = {"read": 1, "inserted": 0, "updated": 0, "stale": 0, "duplicate": 0, "quarantined": 1}
    document["datasets"] = [document["datasets"][0] | counts]
    (coverage,) = [one for one in document["analytics"] if one["table"] == "review_coverage"]
    coverage["rows"][0][[column["name"] for column in coverage["columns"]].index("review_count")] = 1
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert found.texts("header p")[0].endswith(" · 1 row")
        assert "All of it rests on 1 review captured" in found.page.locator("#analytics").inner_text()
        assert (
            "1 row; the document does not say by which rule." in found.page.locator("#refused").inner_text()
        )


def test_a_window_without_reviews_has_the_commands_that_show_some(browser: Browser, tmp_path: Path) -> None:
    document = KINDS["clean"]()
    (coverage,) = [one for one in document["analytics"] if one["table"] == "review_coverage"]
    place = [column["name"] for column in coverage["columns"]].index("review_count")
    for row in coverage["rows"]:
        row[place] = 0
    with opened(browser, written(page_of(document), tmp_path)) as found:
        told = found.page.locator("#analytics").inner_text()
        assert "No review is in the window" in told
        assert "make run WINDOW_START=FIRST_DAY WINDOW_END=DAY_AFTER_THE_LAST DATA=FOLDER" in told
        assert found.page.locator("#analytics figure").count() == 0


@pytest.mark.parametrize("more", [0, 1])
def test_days_that_are_left_out_are_told_and_the_newest_review_is_that_of_the_last_day(
    browser: Browser, tmp_path: Path, more: int
) -> None:
    document = KINDS["clean"]()
    tables = {one["table"]: one for one in document["analytics"]}
    days = [str(date(2020, 1, 1) + timedelta(days=number)) for number in range(100)]
    tables["reviews_per_day"]["rows"] = [[day, 12, 11, 4.1, 10, 9] for day in days]
    for row in tables["review_coverage"]["rows"]:
        row[1] = 1200 + more
    with opened(browser, written(page_of(document), tmp_path)) as found:
        said = "The newest 100 days with reviews; the days before, with 1 review, are left out."
        assert (said in found.page.inner_text("#analytics")) == bool(more)
        newest = found.page.locator(".key div", has_text="Newest review").locator("dd")
        assert newest.inner_text() == days[-1]


def test_a_run_whose_states_are_all_short_shows_all_of_them(browser: Browser, tmp_path: Path) -> None:
    document = KINDS["clean"]()
    document["ended"] = "2020-03-09T06:10:00.000Z"
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert found.complaints == []
        told = found.page.locator("#time [role=img]").get_attribute("aria-label") or ""
        assert told.count(";") + 1 == min(60, len(document["states"]))
        assert document["states"][0]["name"] in told


def test_the_weighted_ratings_come_first(browser: Browser, tmp_path: Path) -> None:
    document = KINDS["clean"]()
    (one, *_) = document["analytics"]
    names = ("best_authors", "popular_authors_weighted_rating", "popular_books_weighted_rating")
    document["analytics"] = [one | {"table": name, "title": name} for name in names]
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert found.texts("#analytics h3") == [names[2], names[1], names[0]]


def test_the_tables_that_answer_no_first_question_are_folded_and_drawn_when_somebody_opens_them(
    browser: Browser, tmp_path: Path
) -> None:
    document = KINDS["clean"]()
    with opened(browser, written(page_of(document), tmp_path)) as found:
        more = found.page.locator("#analytics details.more")
        charts = more.locator("[role=img]")
        titles = [one["title"] for one in document["analytics"] if one["rows"]]
        shown = found.texts("#analytics > .grid h3")
        assert shown == titles_first(document)
        assert all(title in more.locator("> summary").inner_text() for title in set(titles) - set(shown))
        assert charts.count() == len(titles) - len(shown)
        assert more.locator("[role=img] svg").count() == 0
        more.locator("> summary").click()
        more.locator("[role=img] svg").nth(charts.count() - 1).wait_for()


def titles_first(document: dict[str, Any]) -> list[str]:
    """The titles of the tables that are not folded, in their order on the page."""
    first = (
        "popular_books_weighted_rating",
        "popular_authors_weighted_rating",
        "rating_distribution",
        "reviews_per_day",
        "review_coverage",
    )
    titles = {one["table"]: one["title"] for one in document["analytics"] if one["rows"]}
    return [titles[name] for name in first if name in titles]


@pytest.fixture
def hostile() -> dict[str, Any]:
    """A run whose names are of the worst kind."""
    document = KINDS["with_rejects"]()
    for place, name in enumerate(HOSTILE):
        document["files"]["listed"].append(
            {"key": name, "dataset": name, "bytes": 1, "rows": None, "outcome": "waiting", "note": name}
        )
        document["analytics"][0]["rows"].append([place, name, 1, 4.5])
        document["notes"].append(name)
        document["checks"].append(
            {
                "rule": name,
                "table": name,
                "severity": "warn",
                "violations": 1,
                "limit": 0,
                "says": name,
                "examples": [name],
                "seconds": None,
                "history": [],
            }
        )
        document["rejects"].append(
            {
                "dataset": name,
                "rule": name,
                "columns": [name],
                "rows": 1,
                "examples": [{"file": name, "record": 1, "key": name}],
            }
        )
        document["links"].append({"title": name, "href": f"javascript:document.title = 'run' // {name}"})
    document["states"][3]["input"] = {"text": "".join(HOSTILE), "cut": False}
    return document


@pytest.mark.parametrize("width", [360, 1440])
def test_text_from_data_is_text(
    browser: Browser, tmp_path: Path, hostile: dict[str, Any], width: int
) -> None:
    with opened(browser, written(page_of(hostile), tmp_path), width=width) as page:
        page.unfold()
        assert page.page.title() == f"Succeeded with rejects: goodreads {hostile['run_id']}"
        assert (page.complaints, page.requests) == ([], [])
        assert page.page.locator("main script, main img, a[href^=javascript]").count() == 0
        assert set(HOSTILE) <= set(page.page.locator("bdi").all_text_contents())
        assert not page.is_wider_than_the_screen()


def test_a_state_of_the_drawing_opens_what_went_in_and_came_out_by_keyboard_too(
    browser: Browser, tmp_path: Path
) -> None:
    with opened(browser, written(page_of(KINDS["failed_in_spark"]()), tmp_path)) as found:
        node = found.page.get_by_role("button", name="TransformToProcessed: failed")
        node.click()
        panel = found.page.locator("#machine .state")
        assert "2 tries" in panel.inner_text()
        assert panel.locator("pre").first.is_visible()  # at once: the first visit is born open
        panel.locator("summary").press("Enter")
        until(lambda: not panel.locator("pre").first.is_visible())  # a browser tells of this in a while
        found.page.get_by_role("button", name="Skipped: not entered").press("Enter")
        assert found.texts("#machine .state h3") == ["Skipped"]
        assert "did not enter" in found.page.locator("#machine .state").inner_text()


def test_a_chosen_table_and_a_chosen_column_are_followed_in_the_drawing(
    browser: Browser, tmp_path: Path
) -> None:
    with opened(browser, written(page_of(KINDS["clean"]()), tmp_path)) as found:
        names = found.page.locator("#lineage .label text").all_text_contents()
        lit = "(all) => all.map((one) => one.getAttribute('opacity') !== '0.2')"

        def shown() -> set[str]:
            opacities = found.page.eval_on_selector_all("#lineage .label text", lit)
            return {name for name, is_lit in zip(names, opacities, strict=True) if is_lit}

        found.page.locator("#lineage .node rect").nth(names.index("warehouse.books")).click()
        assert found.texts("#lineage .state h3") == ["goodreads_warehouse.books"]
        assert {"landing.book", "analytics.best_books"} < shown()
        assert not {"landing.author", "analytics.rising_authors"} & shown()
        found.page.locator("#lineage summary", has_text="as a list").press("Enter")
        found.page.locator("#lineage summary", has_text="review_coverage").press("Enter")
        until(lambda: "warehouse.users" in shown())
        found.page.locator("#lineage details details button", has_text="unnamed_review_count").press("Enter")
        until(lambda: "warehouse.users" not in shown())
        assert "warehouse.reviews" in shown()


@pytest.mark.parametrize("made", [15823426, 2**53 + 1, 4928238430727619957])
def test_an_id_is_told_in_full_beside_smaller_ones(browser: Browser, tmp_path: Path, made: int) -> None:
    document = KINDS["clean"]()
    document["analytics"] = [
        one for one in document["analytics"] if one["table"] == "popular_authors_weighted_rating"
    ]
    names = [column["name"] for column in document["analytics"][0]["columns"]]
    (place,) = (number for number, name in enumerate(names) if name == "author_id")
    first, second, *_ = document["analytics"][0]["rows"]
    first[place], first[names.index("name")] = made, None
    with opened(browser, written(page_of(document), tmp_path)) as found:
        shown = found.numbers()
        assert shown[f"analytics/0/rows/0/{place}"] == str(made)
        assert shown[f"analytics/0/rows/1/{place}"] == str(second[place])
        label = found.page.locator("#analytics [role=img]").get_attribute("aria-label")
        assert f"id {made}: " in (label or "")


def test_a_past_window_is_said_to_be_one_and_where_its_tables_are(browser: Browser, tmp_path: Path) -> None:
    document = KINDS["clean"]()
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert "goodreads_past" not in found.page.inner_text("main")
    document["window"]["past"] = True
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert ", a past window" in found.page.inner_text("header")
        assert (
            "This window was asked for: its tables are in goodreads_past. The current ones, in goodreads_analytics, were rebuilt too."
            in found.page.inner_text("#analytics")
        )


def test_a_rule_that_holds_at_two_places_says_where_and_what_it_compares(
    browser: Browser, tmp_path: Path
) -> None:
    document = KINDS["clean"]()
    document["checks"] = [
        check
        for check in document["checks"]
        if (check["table"], check["rule"]) == ("authors", "author_id unique")
    ]
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert found.texts("#checks td:nth-child(2) div") == ["before the publish", "in the warehouse"]
        assert "expected" not in found.texts("#checks th")
    document["checks"][1] |= {"found": 1234, "expected": 30}
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert found.texts("[data-path='checks/1/found'], [data-path='checks/1/expected']") == ["1,234", "30"]


def test_commands_of_a_page_are_for_where_the_run_was(browser: Browser, tmp_path: Path) -> None:
    document = KINDS["with_rejects"]()
    document["alarms"] = None
    assert document["execution_arn"].split(":")[4] == EXAMPLE_ACCOUNT
    run = document["run_id"]
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert found.texts("#refused p code") == [f".venv/bin/pipeline replay {run}"]
        assert found.texts("#permissions code") == ["make up"]
    document["execution_arn"] = document["execution_arn"].replace(EXAMPLE_ACCOUNT, "111122223333")
    document["deployment"] = "books"
    with opened(browser, written(page_of(document), tmp_path)) as found:
        assert found.texts("#refused p code") == [f".venv/bin/pipeline replay {run} --name books --aws"]
        assert found.texts("#permissions code") == [f".venv/bin/pipeline report {run} --name books --aws"]


def test_the_list_of_runs_is_drawn_loads_nothing_and_hides_no_warning(
    browser: Browser, tmp_path: Path
) -> None:
    runs: list[Any] = []
    for number, kind in enumerate(("clean", "with_rejects", "failed_in_a_check", "skipped", "clean")):
        made = KINDS[kind]()
        made |= {
            "run_id": f"run-{number}",
            "started": f"2020-03-01T06:{10 * number:02}:00.000Z",
            "ended": f"2020-03-01T06:{10 * number + 1:02}:00.000Z",
        }
        for rows in made["datasets"]:
            rows["run_id"] = made["run_id"]
        if number == 0:
            made["checks"][0] |= {"severity": "warn", "violations": 9}
        runs = with_run(runs, cast("Document", made))
    page = written(index_page("goodreads", runs), tmp_path)
    with opened(browser, page, width=360) as found:
        assert found.page.locator("#charts svg").count() == 4
        assert found.texts("td:nth-child(8)") == ["0", "0", "✕ 1 blocked", "0", "▲ 1 warned"]
        assert found.texts("td:nth-child(9)") == ["30.0", "20.0", "10.0", "10.0", ""]
        assert (found.violations(), found.is_wider_than_the_screen()) == ([], False)
        assert (found.complaints, found.requests) == ([], [])
    with opened(browser, page, theme="dark") as found:
        assert (found.violations(), found.is_wider_than_the_screen()) == ([], False)


def test_the_page_of_a_run_prints_on_two_pages(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(page_of(KINDS["with_rejects"]()), tmp_path)) as found:
        printed = found.page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2


def test_a_script_that_is_not_the_pages_own_does_not_run(browser: Browser, tmp_path: Path) -> None:
    page = page_of(KINDS["clean"]()).replace("</body>", "<script>document.title = 'run'</script></body>")
    with opened(browser, written(page, tmp_path)) as found:
        assert found.page.title().startswith("Succeeded")
        assert any("Content Security Policy" in said for said in found.complaints)


def test_the_policy_lets_the_page_load_nothing() -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page_of(KINDS["clean"]()))
    assert policy.startswith("default-src &#x27;none&#x27;; script-src &#x27;sha256-")
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize(
    ("before", "later", "said"),
    [
        (0, 0, []),
        (1, 0, ["1 file was published before and not read again. To have a file read again"]),
        (0, 2_500, ["2,500 files wait in the landing zone for the next run"]),
        (3, 1, ["3 files were published before", "1 file waits in the landing zone"]),
    ],
)
@pytest.mark.parametrize("taken", [4, 0])
def test_files_that_the_run_did_not_take_are_told(
    browser: Browser, tmp_path: Path, taken: int, before: int, later: int, said: list[str]
) -> None:
    document = KINDS["clean"]()
    listed = document["files"]["listed"][:taken]
    document["files"] |= {
        "total": taken,
        "published_before": before,
        "left_for_later": later,
        "listed": listed,
    }
    with opened(browser, written(page_of(document), tmp_path)) as found:
        told = found.texts("#files .notes li")
        assert [text[: len(start)] for text, start in zip(told, said, strict=True)] == said


def test_a_page_of_ten_thousand_files_is_small_and_shows_some_at_a_time(
    browser: Browser, tmp_path: Path
) -> None:
    document = KINDS["many_files"]()
    page = page_of(document)
    assert len(page.encode()) < 1_500_000
    with opened(browser, written(page, tmp_path)) as found:
        rows = found.page.locator("#files tbody tr")
        assert rows.count() == 25
        last = document["files"]["listed"][-1]["key"]
        found.page.get_by_role("searchbox").fill(last)
        assert found.texts("#files tbody tr td:first-child bdi") == [last]
        found.page.get_by_role("searchbox").fill("no such file")
        assert "No file matches." in found.page.locator("#files").inner_text()
