"""Puts what a run has rejected back into the landing zone, as it is or repaired by hand."""
