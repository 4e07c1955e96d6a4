"""COPY reads Parquet objects as strictly as Redshift does."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROLE = "iam_role 'arn:aws:iam::123456789012:role/copy'"
SEEN = datetime(2020, 2, 19, 21, 38, 16, 690535, tzinfo=UTC)


@pytest.fixture
def put(buckets: Path) -> Callable[..., Path]:
    """Writes one Parquet object of columns author_id (int64) and name unless told otherwise."""

    def write(key: str, table: pa.Table | None = None, **options: Any) -> Path:
        path = buckets / "processed" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            pa.table({"author_id": [1], "name": ["Ann"]}) if table is None else table, path, **options
        )
        return path

    return write


@pytest.fixture
def authors(session: Any) -> None:
    session.run("drop table if exists authors")
    session.run("create table authors (author_id bigint, name varchar(5))")


@pytest.mark.usefixtures("authors")
@pytest.mark.parametrize(
    "clauses",
    [
        f"{ROLE} format as parquet",
        f"{ROLE} format parquet",
        f"{ROLE} parquet",
        f"format as parquet {ROLE}",
        "iam_role default format as parquet",
        "credentials 'aws_iam_role=arn:aws:iam::123456789012:role/copy' format as parquet",
    ],
)
def test_every_visible_object_below_the_prefix_is_loaded(session: Any, put: Any, clauses: str) -> None:
    put("run=r1/authors/part-0.parquet")
    put(
        "run=r1/authors/part-1.parquet",
        pa.table(
            {"author_id": [2], "name": [None]}, pa.schema([("author_id", pa.int64()), ("name", pa.string())])
        ),
    )
    put("run=r1/authors/_temporary/part-2.parquet")
    put("run=r1/authors/.part-3.parquet")
    put("run=r1/books/part-0.parquet")
    (put("run=r1/authors/_SUCCESS")).write_bytes(b"")
    loaded = session.run(f"copy authors (author_id, name) from 's3://processed/run=r1/auth' {clauses}")
    assert session.rows("select author_id, name from authors order by 1") == [(1, "Ann"), (2, None)]
    assert session.ended(loaded)["ResultRows"] == 0  # as the Data API reports it


@pytest.mark.usefixtures("authors")
def test_columns_go_by_position_in_every_file(session: Any, put: Any) -> None:
    put("order/1.parquet", pa.table({"name": ["Ann"], "author_id": [1]}))
    put("order/2.parquet", pa.table({"author_id": ["Bob"], "name": [2]}))
    session.run(f"copy authors (name, author_id) from 's3://processed/order/' {ROLE} format as parquet")
    assert session.rows("select author_id, name from authors order by 1") == [(1, "Ann"), (2, "Bob")]


@pytest.mark.usefixtures("authors")
def test_a_file_without_rows_is_fine(session: Any, put: Any) -> None:
    put("none/1.parquet", pa.table({"author_id": [1], "name": ["Ann"]}).slice(0, 0))
    session.run(f"copy authors from 's3://processed/none/' {ROLE} format as parquet")
    assert session.rows("select count(*) from authors") == [(0,)]


@pytest.mark.parametrize("int96", [True, False], ids=["int96", "micros"])
def test_instants_written_by_spark_load_as_utc_timestamps(session: Any, put: Any, int96: bool) -> None:
    put(
        "instants/1.parquet",
        pa.table(
            {
                "t": pa.array([SEEN], pa.timestamp("us", "UTC")),
                "r": pa.array([Decimal("4.25")], pa.decimal128(3, 2)),
            }
        ),
        use_deprecated_int96_timestamps=int96,
    )
    session.run("drop table if exists instants")
    session.run("create table instants (t timestamp, r decimal(3, 2))")
    session.run(f"copy instants from 's3://processed/instants/1.parquet' {ROLE} format as parquet")
    assert session.rows("select t, r from instants") == [("2020-02-19 21:38:16.690535", "4.25")]


@pytest.mark.usefixtures("authors")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("s3://processed/nothing/here", "The specified S3 prefix 'nothing/here' does not exist"),
        ("s3://elsewhere/authors", "The specified bucket 'elsewhere' does not exist"),
        ("s3://processed/../processed/run=r1", "COPY reads from 's3://bucket/prefix'"),
        ("s3://processed", "COPY reads from 's3://bucket/prefix'"),
        ("authors.parquet", "COPY reads from 's3://bucket/prefix'"),
    ],
)
def test_a_copy_from_nowhere_fails(session: Any, url: str, reason: str) -> None:
    assert reason in session.error(f"copy authors from '{url}' {ROLE} format as parquet")


@pytest.mark.usefixtures("authors")
@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (
            {"author_id": [1]},
            "Unmatched number of columns between table and file. Table columns: 2, Data columns: 1",
        ),
        ({"a": [1], "b": ["x"], "c": [1]}, "Table columns: 2, Data columns: 3"),
        (
            {"author_id": pa.array([1], pa.int32()), "name": ["x"]},
            "'main.authors.author_id'. Column type: BIGINT, Parquet schema: INTEGER author_id",
        ),
        ({"author_id": ["1"], "name": ["x"]}, "Column type: BIGINT, Parquet schema: VARCHAR author_id"),
        ({"author_id": [1], "name": ["abcdéf"]}, "value too long for type character varying(5) (column name"),
    ],
)
def test_a_file_that_does_not_fit_the_table_fails_and_loads_nothing(
    session: Any, put: Any, columns: dict[str, Any], reason: str
) -> None:
    put("misfit/1.parquet")
    put("misfit/2.parquet", pa.table(columns))
    assert reason in session.error(f"copy authors from 's3://processed/misfit/' {ROLE} format as parquet")
    assert session.rows("select count(*) from authors") == [(0,)]


@pytest.mark.parametrize("kind", ["decimal(4, 2)", "float", "varchar"])
def test_a_decimal_loads_into_the_same_decimal_only(session: Any, put: Any, kind: str) -> None:
    put("decimals/1.parquet", pa.table({"r": pa.array([Decimal("4.25")], pa.decimal128(3, 2))}))
    session.run("drop table if exists decimals")
    session.run(f"create table decimals (r {kind})")
    assert "incompatible Parquet schema" in session.error(
        f"copy decimals from 's3://processed/decimals/' {ROLE} format as parquet"
    )


@pytest.mark.usefixtures("authors")
def test_a_missing_required_value_fails_by_the_name_of_its_column(session: Any, put: Any) -> None:
    put("nulls/1.parquet", pa.table({"author_id": pa.array([None], pa.int64()), "name": ["x"]}))
    session.run("drop table if exists strict")
    session.run("create table strict (author_id bigint not null, name varchar(5))")
    assert session.error(f"copy strict from 's3://processed/nulls/' {ROLE} format as parquet") == (
        "ERROR: Cannot insert a NULL value into column author_id"
    )


@pytest.mark.usefixtures("authors")
@pytest.mark.parametrize(
    "clauses", ["csv ignoreheader 1", "format as orc", "", "format as parquet fillrecord"]
)
def test_other_formats_and_options_are_refused(session: Any, clauses: str) -> None:
    assert "COPY reads FORMAT AS PARQUET" in session.error(
        f"copy authors from 's3://processed/run' {ROLE} {clauses}"
    )


@pytest.mark.usefixtures("authors")
def test_a_column_that_the_table_lacks_is_named(session: Any, put: Any) -> None:
    put("lacking/1.parquet")
    copy = f"from 's3://processed/lacking/' {ROLE} format as parquet"
    assert session.error(f"copy authors (author_id, nom) {copy}") == (
        'ERROR: column "nom" of relation "main.authors" does not exist'
    )
    assert session.error(f"copy nobody {copy}") == 'ERROR: relation "main.nobody" does not exist'


def _manifest(buckets: Path, *entries: dict[str, Any]) -> str:
    (buckets / "processed" / "load.manifest").write_text(json.dumps({"entries": entries}))
    return f"copy authors from 's3://processed/load.manifest' {ROLE} format as parquet manifest"


@pytest.mark.usefixtures("authors")
def test_a_manifest_loads_exactly_what_it_lists(session: Any, put: Any, buckets: Path) -> None:
    length = put("listed/1.parquet").stat().st_size
    put("listed/2.parquet")
    copy = _manifest(
        buckets,
        {"url": "s3://processed/listed/1.parquet", "mandatory": True, "meta": {"content_length": length}},
        {"url": "s3://processed/listed/gone.parquet", "mandatory": False, "meta": {"content_length": 5}},
    )
    session.run(copy)
    assert session.rows("select author_id from authors") == [(1,)]


@pytest.mark.usefixtures("authors")
@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"url": "s3://processed/m/1.parquet"}, "lacks meta.content_length for s3://processed/m/1.parquet"),
        ({"url": "s3://processed/m/1.parquet", "meta": {"content_length": 3}}, "its content_length"),
        (
            {"url": "s3://processed/m/2.parquet", "mandatory": True, "meta": {"content_length": 3}},
            "does not exist",
        ),
        ({"url": "s3://processed/m/2.parquet", "meta": {"content_length": 3}}, "names no object that exists"),
        ({"uri": "s3://processed/m/1.parquet"}, "KeyError('url')"),
    ],
)
def test_a_manifest_that_redshift_would_refuse_fails(
    session: Any, put: Any, buckets: Path, entry: dict[str, Any], reason: str
) -> None:
    put("m/1.parquet")
    assert reason in session.error(_manifest(buckets, entry))
