"""The rules that a record has to keep: what they are in Spark, and the same in DuckDB."""
