"""A demo of the whole pipeline in a few minutes: simulated Goodreads, capture, landing, scheduled runs, analytics."""
