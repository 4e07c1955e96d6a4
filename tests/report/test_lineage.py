"""A run as OpenLineage events, held against the classes that OpenLineage generates from its published schemas."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import attr
import pytest
from openlineage.client import event_v2
from openlineage.client.generated import (
    column_lineage_dataset,
    data_quality_assertions_dataset,
    error_message_run,
    output_statistics_output_dataset,
    schema_dataset,
)

from report.document import Document
from report.lineage import Events
from tests.report.examples import KINDS, clean, failed_in_spark, running, with_rejects

FACETS: Mapping[str, Any] = {
    "schema": schema_dataset.SchemaDatasetFacet,
    "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet,
    "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
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


def test_a_failed_run_says_why_and_names_nothing_that_it_has_filled() -> None:
    _, end = events(failed_in_spark)
    failure = failed_in_spark()["failure"]
    assert end["run"]["facets"]["errorMessage"]["message"] == f"{failure['error']}: {failure['cause']}"
    assert (end["inputs"], end["outputs"]) == ([], [])


def test_the_names_of_what_a_run_read_and_filled_follow_the_specification() -> None:
    document = clean()
    _, end = events(clean)
    account = document["execution_arn"].split(":")[4]
    name, region = document["deployment"], document["region"]
    landing = f"s3://{name}-landing-{account}-{region}"
    published = [file["key"] for file in document["files"]["listed"] if file["outcome"] == "published"]
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
        if dataset["name"].endswith(f".{check['table']}")
    ]
    assert (check["rule"], False) in asserted
    assert len(asserted) == len([each for each in document["checks"] if each["table"] == check["table"]])
