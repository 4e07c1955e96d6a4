"""Puts the rows and files that a run rejected back into the landing zone, as they are or repaired by hand."""
