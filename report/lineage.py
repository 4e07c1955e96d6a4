"""Where the columns come from, and a run as OpenLineage events: which tables it read and filled, and how that ended.

The producer of an event is the state machine, by its ARN. Names and namespaces follow OpenLineage's naming specification: `s3://BUCKET` with the path, and `redshift://CLUSTER.REGION:PORT` with
database, schema and table. The landed files of one dataset are one dataset of the landing bucket, by the name of their folder; the facet `subset` names the files that the run has read.
"""

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from catalog import DATASETS
from contract.checks import STAGES, checked_table, is_violated, told_rule
from contract.keys import bucket_name, run_folder
from report.document import Check, Document, File, rows_of_run

_TABLES = Path(__file__).with_name("lineage.json")
_SPEC = "https://openlineage.io/spec"
_SCHEMA_URL = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = {
    "schema": "1-2-0/SchemaDatasetFacet",
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "inputStatistics": "1-0-0/InputStatisticsInputDatasetFacet",
    "subset": "1-0-0/BaseSubsetDatasetFacet/InputSubsetInputDatasetFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "dataQualityAssertions": "1-1-0/DataQualityAssertionsDatasetFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
}
_READS_FILES = "TransformToProcessed"
_LANDED = {dataset.landing_name: dataset.name for dataset in DATASETS}
"""The names of the datasets by those of their landed files, which lineage.json has."""


@cache
def lineage() -> dict[str, Any]:
    """Each table that a run fills, with its inputs, and each column with the columns that it comes from."""
    found: dict[str, Any] = json.loads(_TABLES.read_text(encoding="utf-8"))
    return found


@cache
def _columns() -> dict[str, list[dict[str, str]]]:
    """The columns of each table that a run fills."""
    return {
        table["table"]: [{"name": column["name"]} for column in table["columns"]]
        for table in lineage()["tables"]
    }


def _filled(done: Container[str]) -> Iterator[dict[str, Any]]:
    """The tables that these states fill. Those of a past window are made like the current ones, in a schema of their own."""
    for table in lineage()["tables"]:
        if table["state"] in done:
            yield table
        if f"Past{table['state']}" in done:
            current, past = (f"{STAGES[f'Check{which}Analytics']}." for which in ("", "Past"))
            yield json.loads(json.dumps(table).replace(current, past))


class Events:
    """Makes the events of runs of one deployment; `database` and `port` are those of its cluster."""

    def __init__(self, document: Document, *, database: str, port: int) -> None:
        self._document = document
        own = rows_of_run(document["run_id"], document["datasets"])
        self._rows = {rows["dataset"]: rows for rows in own}
        self._database = database
        self._account = document["execution_arn"].split(":")[4]
        arn, _, _ = document["execution_arn"].rpartition(":")
        self._producer = arn.replace(":execution:", ":stateMachine:")
        self._cluster = f"redshift://{document['deployment']}.{document['region']}:{port}"

    def all(self) -> list[dict[str, Any]]:
        """The start of the run and, if it has ended, its end: COMPLETE or FAIL. The end names what it read and filled, however it ended."""
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
        done = {state["name"] for state in document["states"] if state["status"] == "succeeded"}
        end |= {"inputs": list(self._inputs(done)), "outputs": list(self._outputs(done))}
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

    def _inputs(self, done: Container[str]) -> Iterable[dict[str, Any]]:
        """The landed files that the run has read, and the tables that it has checked; `done` are the states that succeeded."""
        if _READS_FILES in done:
            read: dict[str, list[File]] = {}
            for file in self._document["files"]["listed"]:
                if file["dataset"] and file["outcome"] in ("published", "waiting"):
                    read.setdefault(file["dataset"], []).append(file)
            yield from (self._read(dataset, files) for dataset, files in read.items())
        checked: dict[str, list[Check]] = {}
        for check in self._document["checks"]:
            checked.setdefault(checked_table(check["stage"], check["table"]), []).append(check)
        yield from (self._checked(table, checks) for table, checks in checked.items())

    def _read(self, dataset: str, files: Sequence[File]) -> dict[str, Any]:
        """The landed files of a dataset: their size and number if the document lists all, and their rows once the run has published them."""
        landed = self._landed(dataset)
        known = dict[str, int]()
        if len(self._document["files"]["listed"]) == self._document["files"]["total"]:
            known |= {"size": sum(file["bytes"] for file in files), "fileCount": len(files)}
        if dataset in self._rows:
            known["rowCount"] = self._rows[dataset]["read"]
        places = [f"{landed['namespace']}/{file['key']}" for file in files]
        facets = self._facets(subset={"inputCondition": {"type": "location", "locations": places}})
        if known:
            facets |= self._facets(inputStatistics=known)
        return {**landed, "inputFacets": facets}

    def _landed(self, dataset: str) -> dict[str, Any]:
        return {"namespace": f"s3://{self._bucket('landing')}", "name": dataset}

    def _outputs(self, done: Container[str]) -> Iterable[dict[str, Any]]:
        """The tables of the states that succeeded."""
        rows = {f"goodreads_warehouse.{dataset}": each for dataset, each in self._rows.items()}
        for table in _filled(done):
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

    def _checked(self, table: str, checks: Iterable[Check]) -> dict[str, Any]:
        """A table with what its checks have found, and its columns if the run fills it."""
        assertions = [
            {
                "assertion": told_rule(check["stage"], check["rule"]),
                "success": not is_violated(check["violations"], check["limit"]),
                "severity": "error" if check["severity"] == "block" else "warn",
            }
            for check in checks
        ]
        found = {
            **self._named(table),
            "inputFacets": self._facets(dataQualityAssertions={"assertions": assertions}),
        }
        if columns := _columns().get(table):
            found["facets"] = self._facets(schema={"fields": columns})
        return found

    def _facets(self, **facets: dict[str, Any]) -> dict[str, Any]:
        """The facets, each with the two fields that the specification wants of every facet."""
        return {
            name: {"_producer": self._producer, "_schemaURL": _schema_url(name), **content}
            for name, content in facets.items()
        }

    def _named(self, table: str) -> dict[str, Any]:
        schema, _, name = table.rpartition(".")
        if schema == "landing":
            return self._landed(_LANDED[name])
        if schema == "processed":
            path = f"{run_folder(self._document['run_id'])}/{name}"
            return {"namespace": f"s3://{self._bucket('processed')}", "name": path}
        return {"namespace": self._cluster, "name": f"{self._database}.{table}"}

    def _bucket(self, zone: str) -> str:
        return bucket_name(self._document["deployment"], zone, self._account, self._document["region"])


def _schema_url(facet: str) -> str:
    version, file, *definition = _FACETS[facet].split("/")
    return f"{_SPEC}/facets/{version}/{file}.json#/$defs/{''.join(definition) or file}"
