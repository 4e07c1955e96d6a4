"""The spool: a local folder that the collector writes to and the uploader takes from; either may die at any moment."""
