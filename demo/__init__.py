"""The whole way in a few minutes: a simulated Goodreads, capture, landing, scheduled runs, analytics."""
