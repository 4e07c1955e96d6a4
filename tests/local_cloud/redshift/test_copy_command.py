"""COPY reads Parquet and CSV objects as strictly as Redshift does."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
def test_a_file_without_rows_is_fine_but_not_a_row_group_without_rows(session: Any, buckets: Path) -> None:
    nothing = pa.schema([("author_id", pa.int64()), ("name", pa.string())]).empty_table()
    file = buckets / "processed/none/1.parquet"
    file.parent.mkdir()
    pq.ParquetWriter(file, nothing.schema).close()
    copy = f"copy authors from 's3://processed/none/' {ROLE} format as parquet"
    session.run(copy)
    assert session.rows("select count(*) from authors") == [(0,)]

    pq.write_table(nothing, file)  # which writes one row group
    assert "none/1.parquet' has a row group without rows" in session.error(copy)


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
    "clauses",
    [
        "format as orc",
        "",
        "delimiter ','",
        "format",
        "format as parquet fillrecord",
        "format as parquet csv",
        "format as parquet manifest",
        "csv emptyasnull",
        "csv gzip",
        "csv quote as '|'",
        "csv ignoreheader 1",
        "csv delimiter ';'",
    ],
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


@pytest.fixture
def put_csv(buckets: Path) -> Callable[[str, bytes], None]:
    """Writes one object; the tests read what lies below csv/."""

    def write(key: str, content: bytes) -> None:
        path = buckets / "processed" / "csv" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return write


@pytest.fixture
def landed(session: Any) -> None:
    session.run("drop table if exists landed")
    session.run("create table landed (file_key varchar(20), etag varchar(8), mark varchar(4))")


@pytest.mark.usefixtures("landed")
@pytest.mark.parametrize(
    "clauses", [f"{ROLE} format as csv", f"{ROLE} csv", f"csv {ROLE}", f"{ROLE} format csv", f"format as csv {ROLE}"]
)  # fmt: skip
def test_csv_is_loaded_with_quoted_commas_line_ends_quotes_and_unicode(
    session: Any, put_csv: Any, clauses: str
) -> None:
    content = 'a.csv,e1\r\n"b, ""the"" one\n.csv",é2\n"日本\r\n",""\n , x'
    put_csv("run=r1/landed.csv", content.encode())
    session.run(f"copy landed (file_key, etag) from 's3://processed/csv/run=r1/landed.csv' {clauses}")
    assert sorted(session.rows("select file_key, etag, mark from landed")) == [
        (" ", " x", None),
        ("a.csv", "e1", None),
        ('b, "the" one\n.csv', "é2", None),
        ("日本\r\n", "", None),
    ]


@pytest.mark.usefixtures("landed")
def test_an_empty_field_is_an_empty_text_and_not_null(session: Any, put_csv: Any) -> None:
    put_csv("empty/1", b'"",,a\n\\N,x,b\n')
    session.run(f"copy landed from 's3://processed/csv/empty/' {ROLE} csv")
    assert session.rows("select file_key, etag, mark from landed order by mark") == [
        ("", "", "a"),
        (None, "x", "b"),
    ]


@pytest.mark.usefixtures("landed")
def test_a_csv_object_without_content_is_fine_and_a_missing_one_is_not(session: Any, put_csv: Any) -> None:
    put_csv("nothing/landed.csv", b"")
    session.run(f"copy landed from 's3://processed/csv/nothing/landed.csv' {ROLE} csv")
    assert session.rows("select count(*) from landed") == [(0,)]
    assert session.error(f"copy landed from 's3://processed/csv/nothing/gone.csv' {ROLE} csv") == (
        "ERROR: The specified S3 prefix 'csv/nothing/gone.csv' does not exist"
    )


@pytest.mark.usefixtures("landed")
def test_two_loads_of_one_batch_are_independent(session: Any, put_csv: Any) -> None:
    put_csv("batch/1", b"a,e,1\n")
    put_csv("batch/2", b"b,f\n")
    session.run(
        f"copy landed from 's3://processed/csv/batch/1' {ROLE} csv",
        f"copy landed (etag, file_key) from 's3://processed/csv/batch/2' {ROLE} csv",
    )
    assert session.rows("select file_key, etag, mark from landed order by 2") == [
        ("f", "b", None),
        ("a", "e", "1"),
    ]


@pytest.mark.usefixtures("landed")
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"b,e\n", "s3://processed/csv/bad/2, line 3: Delimiter not found: 2 fields for 3 columns"),
        (b"b,e,1,\n", "line 3: Extra column(s) found: 4 fields for 3 columns"),
        (b"\n", "line 3: Delimiter not found: 1 fields for 3 columns"),
        (b'"b,e,1\n', "line 3: Invalid quote formatting for CSV: unexpected end of data"),
        (b'"b"x,e,1\n', "line 3: Invalid quote formatting for CSV"),
        (b"b,\xff,1\n", "line 3: String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex sequence: ff"),
        ("b,abcdefgé,1\n".encode(), "value too long for type character varying(8) (column etag of table"),
    ],
    ids=["few", "many", "blank", "unclosed", "after-quote", "not-utf-8", "too-long"],
)  # fmt: skip
def test_csv_that_does_not_fit_the_table_fails_and_loads_nothing(
    session: Any, put_csv: Any, bad: bytes, reason: str
) -> None:
    put_csv("bad/1", b"a,e,1\n")
    put_csv("bad/2", b'a,"e\n",1\n' + bad)
    assert reason in session.error(f"copy landed from 's3://processed/csv/bad/' {ROLE} csv")
    assert session.rows("select count(*) from landed") == [(0,)]


def test_csv_is_not_loaded_into_a_type_whose_text_form_could_be_misread(session: Any, put_csv: Any) -> None:
    put_csv("instant/1", b"2020-02-19\n")
    session.run("drop table if exists days")
    session.run("create table days (day date)")
    assert session.error(f"copy days from 's3://processed/csv/instant/' {ROLE} csv") == (
        "ERROR: not supported locally: COPY of CSV into DATE, column day of main.days; it loads text columns"
    )


_FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).filter(
    lambda text: text != r"\N"
)


@pytest.mark.slow
@given(
    rows=st.lists(st.tuples(_FIELDS, _FIELDS), max_size=5),
    # with "\n" alone the writer leaves a carriage return without quotes
    style=st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL)]),
)
@settings(max_examples=60)
def test_whatever_is_written_as_csv_is_loaded_as_it_was(
    session: Any, buckets: Path, rows: list[tuple[str, str]], style: tuple[str, Any]
) -> None:
    text = StringIO(newline="")
    csv.writer(text, lineterminator=style[0], quoting=style[1]).writerows(rows)
    (buckets / "processed" / "anything.csv").write_bytes(text.getvalue().encode())
    session.run("drop table if exists anything")
    session.run("create table anything (one varchar(80), two varchar(80))")
    session.run(f"copy anything from 's3://processed/anything.csv' {ROLE} csv")
    assert sorted(session.rows("select one, two from anything")) == sorted(rows)
