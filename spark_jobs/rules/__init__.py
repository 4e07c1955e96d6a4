"""The rules that a record has to keep, once in Spark and once in DuckDB. The tools that capture records ask them too."""
