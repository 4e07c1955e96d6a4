"""The UCSD Book Graph as landing files: what Goodreads held in late 2017, and what people can still get today.

The dumps are gzipped JSON lines. Their fields are those that their authors show in `samples.ipynb` of
https://github.com/MengtingWan/goodreads; the data and the terms (academic use, no redistribution) are on
https://mengtingwan.github.io/data/goodreads.html.

| dump | becomes | what it lacks stays empty |
|---|---|---|
| `goodreads_book_authors` | authors | role |
| `goodreads_books`, `goodreads_books_<genre>` | books | |
| `goodreads_reviews_dedup`, `_<genre>`, `_spoiler_raw` | reviews, users | spoiler flag and state, read count, URL |
| `goodreads_reviews_spoiler` | reviews, users | dates and counts as well |

Works, series and genres have no place in the catalog. Interactions have none either: nearly all are books that somebody has put
on a shelf, and those that are reviews have a part of the text only.
"""
