"""Imports the UCSD Book Graph as landing files: dumps of Goodreads from late 2017 that can still be downloaded.

The dumps are gzipped JSON lines. Their fields are described by their authors in `samples.ipynb` of
https://github.com/MengtingWan/goodreads; the data and the terms (academic use, no redistribution) are on
https://mengtingwan.github.io/data/goodreads.html.

| dump | becomes | fields that stay empty because the dump lacks them |
|---|---|---|
| `goodreads_book_authors` | authors | role |
| `goodreads_book_works` | the year of first publication of the books | |
| `goodreads_books`, `goodreads_books_<genre>` | books | without the works, the year of first publication is that of the edition |
| `goodreads_reviews_dedup`, `_<genre>`, `_spoiler_raw` | reviews, users | spoiler flag and state, read count, URL |
| `goodreads_reviews_spoiler` | reviews, users | dates and counts as well |
| `goodreads_interactions_dedup`, `_<genre>` | reviews, users | as above, votes and comments; of a text there is only the beginning |
| `goodreads_interactions.csv` | reviews, users | everything but user, book and stars |

An interaction is a book on a shelf. It becomes a review if the book was read, rated or reviewed. The interactions by genre and in JSON have the
reviews' ids, so a review of another dump replaces them; those of the CSV file have ids made from user and book (`capture.ids`). Series and
genres (`goodreads_book_series`, `_genres_initial`) are left out: the catalog has no dataset for them.
"""
