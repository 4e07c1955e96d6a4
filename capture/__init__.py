"""The pipeline's source: reviews from Goodreads, or from dumps of it, as CSV files in the landing zone."""
