"""The rules that a record has to keep, once in Spark and once in DuckDB."""
