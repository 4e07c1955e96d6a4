"""Redshift SQL: one statement to a file; names are filled in from the catalog, values are bound or come as data."""
