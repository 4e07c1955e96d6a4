"""Redshift's SQL in DuckDB's words."""
