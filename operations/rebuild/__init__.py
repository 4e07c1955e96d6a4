"""`rebuild`: empties a table of the warehouse and lands its files again from the archive."""
