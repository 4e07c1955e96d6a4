"""Imports the UCSD Book Graph as landing files: dumps of Goodreads from late 2017 that can still be downloaded.

The dumps are gzipped JSON lines. Their fields are described by their authors in `samples.ipynb` of
https://github.com/MengtingWan/goodreads; the data and the terms (academic use, no redistribution) are on
https://mengtingwan.github.io/data/goodreads.html.

| dump | becomes | fields that stay empty because the dump lacks them |
|---|---|---|
| `goodreads_book_authors` | authors | role |
| `goodreads_books`, `goodreads_books_<genre>` | books | |
| `goodreads_reviews_dedup`, `_<genre>`, `_spoiler_raw` | reviews, users | spoiler flag and state, read count, URL |
| `goodreads_reviews_spoiler` | reviews, users | dates and counts as well |

The catalog has no dataset for works, series and genres. Interactions are not imported either: nearly all are books that somebody put
on a shelf, and the others are reviews with only a part of their text.
"""
