"""A run as OpenLineage events, held against the classes that OpenLineage generates from its published schemas."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import attr
import pytest
from openlineage.client import event_v2
from openlineage.client.generated import (
    base_subset_dataset,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    error_message_run,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)

from contract.checks import checked_table
from report.document import Document
from report.lineage import Events
from tests.report.examples import KINDS, clean, failed_in_a_check, failed_in_spark, running, with_rejects

FACETS: Mapping[str, Any] = {
    "schema": schema_dataset.SchemaDatasetFacet,
    "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet,
    "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "subset": base_subset_dataset.InputSubsetInputDatasetFacet,
    "errorMessage": error_message_run.ErrorMessageRunFacet,
}


def events(kind: Callable[[], Any]) -> list[dict[str, Any]]:
    return Events(cast("Document", kind()), database="goodreads", port=5440).all()


def require_facets(facets: Mapping[str, Mapping[str, Any]]) -> None:
    """Each facet has the fields of its class, no others, and names the schema that the class is made from."""
    for name, content in facets.items():
        fields = {key: value for key, value in content.items() if not key.startswith("_")}
        made = FACETS[name](**fields)
        assert content["_schemaURL"] == made._get_schema()  # noqa: SLF001  # the client has no other way to tell
        attr.validate(made)
    for column in facets.get("columnLineage", {}).get("fields", {}).values():
        for origin in column["inputFields"]:
            column_lineage_dataset.InputField(**origin)
        column_lineage_dataset.Fields(**column)
    if subset := facets.get("subset"):
        base_subset_dataset.LocationSubsetCondition(**subset["inputCondition"])
    for each in facets.get("schema", {}).get("fields", []):
        schema_dataset.SchemaDatasetFacetFields(**each)
    for each in facets.get("dataQualityAssertions", {}).get("assertions", []):
        data_quality_assertions_dataset.Assertion(**each)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_event_of_every_kind_of_run_fits_the_published_classes(kind: Callable[[], Any]) -> None:
    for event in events(kind):
        event_v2.RunEvent(
            eventType=event_v2.RunState[event["eventType"]],
            eventTime=event["eventTime"],
            run=event_v2.Run(runId=event["run"]["runId"]),
            job=event_v2.Job(**event["job"]),
            producer=event["producer"],
        )
        require_facets(event["run"].get("facets", {}))
        for dataset in (*event["inputs"], *event["outputs"]):
            require_facets(dataset.get("facets", {}))
            require_facets(dataset.get("inputFacets", {}))
            require_facets(dataset.get("outputFacets", {}))


def test_a_run_has_a_start_and_once_it_has_ended_an_end() -> None:
    assert [event["eventType"] for event in events(clean)] == ["START", "COMPLETE"]
    assert [event["eventType"] for event in events(failed_in_spark)] == ["START", "FAIL"]
    assert [event["eventType"] for event in events(running)] == ["START"]
    start, end = events(clean)
    assert start["run"]["runId"] == end["run"]["runId"]


def test_a_run_that_failed_in_its_first_work_says_why_and_names_nothing_that_it_has_filled() -> None:
    _, end = events(failed_in_spark)
    failure = failed_in_spark()["failure"]
    assert end["run"]["facets"]["errorMessage"]["message"] == f"{failure['error']}: {failure['cause']}"
    assert (end["inputs"], end["outputs"]) == ([], [])


def test_a_run_that_failed_in_a_check_names_what_it_had_read_and_filled_and_the_violated_rule() -> None:
    _, end = events(failed_in_a_check)
    document = failed_in_a_check()
    assert end["eventType"] == "FAIL"
    assert files_of(end) == [file["key"] for file in document["files"]["listed"]]
    schemas = {each["name"].split(".")[1] for each in end["outputs"] if "." in each["name"]}
    assert schemas == {"goodreads_staging"}
    (books,) = [each for each in end["inputs"] if each["name"] == "goodreads.goodreads_staging.books"]
    assertions = books["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert ("at_most_10_percent_rejected", False) in [
        (each["assertion"], each["success"]) for each in assertions
    ]


def test_each_checked_table_is_one_that_the_run_fills_and_has_its_columns() -> None:
    _, end = events(clean)
    filled = {each["name"]: each for each in end["outputs"]}
    checked = [each for each in end["inputs"] if "dataQualityAssertions" in each["inputFacets"]]
    assert {each["name"].split(".")[1] for each in checked} == {
        "goodreads_staging",
        "goodreads_warehouse",
        "goodreads_analytics",
    }
    for each in checked:
        assert each["facets"]["schema"]["fields"] == filled[each["name"]]["facets"]["schema"]["fields"]
    told = sum(len(each["inputFacets"]["dataQualityAssertions"]["assertions"]) for each in checked)
    assert told == len(clean()["checks"])


def files_of(end: Mapping[str, Any]) -> list[str]:
    """The keys of the landed files that the run has read."""
    landed = [each for each in end["inputs"] if each["namespace"].startswith("s3://")]
    return [
        place.removeprefix(f"{each['namespace']}/")
        for each in landed
        for place in each["inputFacets"]["subset"]["inputCondition"]["locations"]
    ]


def landed_books(document: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of the landed files of books."""
    _, end = events(lambda: document)
    (landed,) = [each for each in end["inputs"] if each["name"] == "books"]
    facet: dict[str, Any] = landed["inputFacets"].get("inputStatistics", {})
    return {key: value for key, value in facet.items() if not key.startswith("_")}


def test_the_landed_files_of_a_dataset_have_their_number_their_size_and_their_rows() -> None:
    document = clean()
    (file,) = [each for each in document["files"]["listed"] if each["dataset"] == "books"]
    document["files"]["listed"].append({**file, "key": "books/s4.csv", "bytes": 7})
    document["files"]["total"] += 1
    size = file["bytes"] + 7
    assert landed_books(document) == {"fileCount": 2, "size": size, "rowCount": file["rows"]}
    document["files"]["total"] += 1  # one that the document does not list
    assert landed_books(document) == {"rowCount": file["rows"]}
    document["datasets"] = []
    assert landed_books(document) == {}


def test_the_columns_come_from_datasets_that_the_run_has_read_whatever_its_files_are_called() -> None:
    document = clean()
    for number, file in enumerate(document["files"]["listed"]):
        file["key"] = f"{file['dataset']}/s{number}.csv"
    _, end = events(lambda: document)
    landed = {(each["namespace"], each["name"]) for each in end["inputs"] if each["namespace"][:5] == "s3://"}
    origins = {
        (origin["namespace"], origin["name"])
        for each in end["outputs"]
        for column in each["facets"]["columnLineage"]["fields"].values()
        for origin in column["inputFields"]
        if "-landing-" in origin["namespace"]
    }
    assert origins == landed
    assert files_of(end) == [file["key"] for file in document["files"]["listed"]]


def test_the_rows_of_a_run_that_was_made_up_for_are_not_told_as_the_runs_own() -> None:
    document = clean()
    (books,) = [each for each in document["datasets"] if each["dataset"] == "books"]
    document["datasets"].append({**books, "run_id": "r0", "inserted": 9_000, "read": 9_999})
    _, end = events(lambda: document)
    (filled,) = [each for each in end["outputs"] if each["name"] == "goodreads.goodreads_warehouse.books"]
    changed = books["inserted"] + books["updated"]
    assert filled["outputFacets"]["outputStatistics"]["rowCount"] == changed
    assert landed_books(document)["rowCount"] == books["read"]


def test_a_past_window_is_filled_beside_the_current_tables_and_made_of_its_own() -> None:
    document = clean()
    (analytics,) = [state for state in document["states"] if state["name"] == "Analytics"]
    document["states"].append({**analytics, "name": "PastAnalytics"})
    _, end = events(lambda: document)
    filled = {each["name"]: each for each in end["outputs"]}
    best = filled["goodreads.goodreads_past.best_books"]["facets"]["columnLineage"]["fields"]["book_id"]
    assert {each["name"].split(".")[1] for each in best["inputFields"]} == {"goodreads_past"}
    unranked = next(check for check in document["checks"] if check["rule"] == "book_id unranked")
    document["checks"].append({**unranked, "stage": "CheckPastAnalytics"})
    _, end = events(lambda: document)
    (reviews,) = [each for each in end["inputs"] if each["name"] == "goodreads.goodreads_warehouse.reviews"]
    told = [each["assertion"] for each in reviews["inputFacets"]["dataQualityAssertions"]["assertions"]]
    assert [rule for rule in told if "book_id unranked" in rule] == [
        "book_id unranked",
        "book_id unranked of the past window",
    ]
    current = {name for name in filled if ".goodreads_analytics." in name}
    assert {name.replace("goodreads_analytics", "goodreads_past") for name in current} <= set(filled)


def test_a_run_that_was_left_no_files_reads_none_and_fills_what_its_states_fill() -> None:
    document = clean()
    document["states"] = [
        state
        for state in document["states"]
        if state["name"] not in ("TransformToProcessed", "LoadStaging", "PublishWarehouse")
    ]
    _, end = events(lambda: document)
    assert not [each for each in end["inputs"] if each["namespace"].startswith("s3://")]
    assert {each["name"].split(".")[1] for each in end["outputs"]} == {"goodreads_analytics"}


def test_the_names_of_what_a_run_read_and_filled_follow_the_specification() -> None:
    document = clean()
    _, end = events(clean)
    account = document["execution_arn"].split(":")[4]
    name, region = document["deployment"], document["region"]
    landing = f"s3://{name}-landing-{account}-{region}"
    published = [file["dataset"] for file in document["files"]["listed"] if file["outcome"] == "published"]
    assert [each["name"] for each in end["inputs"] if each["namespace"] == landing] == published
    filled = {each["name"]: each for each in end["outputs"]}
    books = filled["goodreads.goodreads_warehouse.books"]
    assert books["namespace"] == f"redshift://{name}.{region}:5440"
    (rows,) = [each for each in document["datasets"] if each["dataset"] == "books"]
    assert books["outputFacets"]["outputStatistics"]["rowCount"] == rows["inserted"] + rows["updated"]
    title = books["facets"]["columnLineage"]["fields"]["title"]
    assert title["inputFields"] == [
        {"namespace": books["namespace"], "name": "goodreads.goodreads_staging.books", "field": "title"}
    ]
    assert f"run={document['run_id']}/books" in filled


def test_a_check_that_found_more_than_its_limit_is_no_success() -> None:
    document = with_rejects()
    check = next(each for each in document["checks"] if each["severity"] == "block")
    check.update(violations=3, limit=2)
    _, end = events(lambda: document)
    asserted = [
        (each["assertion"], each["success"])
        for dataset in end["inputs"]
        for each in dataset.get("inputFacets", {}).get("dataQualityAssertions", {}).get("assertions", [])
        if dataset["name"] == f"goodreads.{checked_table(check['stage'], check['table'])}"
    ]
    assert (check["rule"], False) in asserted
    place = (check["table"], check["stage"])
    assert len(asserted) == len(
        [each for each in document["checks"] if (each["table"], each["stage"]) == place]
    )
