"""The pipeline's source: brings reviews from Goodreads, or from dumps of it, to the landing zone as CSV files."""
