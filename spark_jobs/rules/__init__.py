"""The rules that a record has to keep, said once, as SQL for DuckDB. The tools that capture records ask them too."""
