"""`pipeline explain`: where a row of the warehouse comes from, what it superseded, what was rejected, and where it is ranked and flagged."""
