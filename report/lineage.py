"""Where the columns come from, and a run as OpenLineage events: which tables it read and filled, and how that ended.

The producer of an event is the state machine, by its ARN. Names and namespaces follow OpenLineage's naming specification: `s3://BUCKET` with the path, and `redshift://CLUSTER.REGION:PORT` with
database, schema and table.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from contract.keys import bucket_name, run_folder
from report.document import Document

_TABLES = Path(__file__).with_name("lineage.json")
_SPEC = "https://openlineage.io/spec"
_SCHEMA_URL = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = {
    "schema": "1-2-0/SchemaDatasetFacet",
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "dataQualityAssertions": "1-1-0/DataQualityAssertionsDatasetFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
}
_WITH_ROWS = ("succeeded", "succeeded_with_rejects")


@cache
def lineage() -> dict[str, Any]:
    """Each table that a run fills, with its inputs, and each column with the columns that it comes from."""
    found: dict[str, Any] = json.loads(_TABLES.read_text(encoding="utf-8"))
    return found


class Events:
    """Makes the events of runs of one deployment; `database` and `port` are those of its cluster."""

    def __init__(self, document: Document, *, database: str, port: int) -> None:
        self._document = document
        self._database = database
        self._account = document["execution_arn"].split(":")[4]
        arn, _, _ = document["execution_arn"].rpartition(":")
        self._producer = arn.replace(":execution:", ":stateMachine:")
        self._cluster = f"redshift://{document['deployment']}.{document['region']}:{port}"

    def all(self) -> list[dict[str, Any]]:
        """The start of the run and, if it has ended, its end: COMPLETE or FAIL. The end names what it read and filled."""
        document = self._document
        start = self._event("START", document["started"])
        if document["ended"] is None:
            return [start]
        end = self._event("FAIL" if document["outcome"] == "failed" else "COMPLETE", document["ended"])
        if document["failure"]:
            told = f"{document['failure']['error']}: {document['failure']['cause']}"
            end["run"]["facets"] = self._facets(
                errorMessage={"message": told, "programmingLanguage": "PYTHON"}
            )
        if document["outcome"] in _WITH_ROWS:
            end |= {"inputs": self._inputs(), "outputs": list(self._outputs())}
        return [start, end]

    def _event(self, kind: str, time: str) -> dict[str, Any]:
        document = self._document
        return {
            "eventType": kind,
            "eventTime": time,
            "run": {"runId": str(uuid5(NAMESPACE_URL, document["execution_arn"]))},
            "job": {"namespace": document["deployment"], "name": "pipeline"},
            "inputs": [],
            "outputs": [],
            "producer": self._producer,
            "schemaURL": _SCHEMA_URL,
        }

    def _inputs(self) -> list[dict[str, Any]]:
        """The landed files that the run has published, and the tables that it has checked."""
        files = (file for file in self._document["files"]["listed"] if file["outcome"] == "published")
        landed = [self._landed(file["key"]) for file in files]
        checked = dict.fromkeys(check["table"] for check in self._document["checks"])
        return [*landed, *map(self._checked, checked)]

    def _landed(self, key: str) -> dict[str, Any]:
        return {"namespace": f"s3://{self._bucket('landing')}", "name": key}

    def _outputs(self) -> Iterable[dict[str, Any]]:
        rows = {f"goodreads_warehouse.{each['dataset']}": each for each in self._document["datasets"]}
        for table in lineage()["tables"]:
            output = self._named(table["table"])
            output["facets"] = self._facets(
                schema={"fields": [{"name": column["name"]} for column in table["columns"]]},
                columnLineage={"fields": dict(self._origins(table))},
            )
            if written := rows.get(table["table"]):
                changed = written["inserted"] + written["updated"]
                output["outputFacets"] = self._facets(outputStatistics={"rowCount": changed})
            yield output

    def _origins(self, table: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
        for column in table["columns"]:
            if column["from"]:
                origins = [origin.rpartition(".") for origin in column["from"]]
                yield (
                    column["name"],
                    {"inputFields": [{**self._named(source), "field": name} for source, _, name in origins]},
                )

    def _checked(self, table: str) -> dict[str, Any]:
        """A table with what its checks have found."""
        assertions = [
            {
                "assertion": check["rule"],
                "success": check["violations"] is not None
                and 0 <= check["violations"] <= (check["limit"] or 0),
                "severity": "error" if check["severity"] == "block" else "warn",
            }
            for check in self._document["checks"]
            if check["table"] == table
        ]
        facets = self._facets(dataQualityAssertions={"assertions": assertions})
        qualified = table if "." in table else f"goodreads_warehouse.{table}"
        return {**self._named(qualified), "inputFacets": facets}

    def _facets(self, **facets: dict[str, Any]) -> dict[str, Any]:
        """The facets, each with the two fields that the specification wants of every facet."""
        return {
            name: {"_producer": self._producer, "_schemaURL": _schema_url(name), **content}
            for name, content in facets.items()
        }

    def _named(self, table: str) -> dict[str, Any]:
        schema, _, name = table.rpartition(".")
        if schema == "landing":
            return self._landed(f"{name}.csv")
        if schema == "processed":
            path = f"{run_folder(self._document['run_id'])}/{name}"
            return {"namespace": f"s3://{self._bucket('processed')}", "name": path}
        return {"namespace": self._cluster, "name": f"{self._database}.{table}"}

    def _bucket(self, zone: str) -> str:
        return bucket_name(self._document["deployment"], zone, self._account, self._document["region"])


def _schema_url(facet: str) -> str:
    version, name = _FACETS[facet].split("/")
    return f"{_SPEC}/facets/{version}/{name}.json#/$defs/{name}"
