"""Imports goodbooks-10k: ten thousand books and six million ratings, of 2017 (https://github.com/zygmuntz/goodbooks-10k).

| file | becomes |
|---|---|
| `books.csv` | books, and authors by name |
| `ratings.csv` | reviews with stars and nothing else, and users |

`to_read.csv`, `tags.csv` and `book_tags.csv` are left out: the catalog has no dataset for shelves. The ratings are of works; the review of
a work is a review of its most popular edition, which is the edition that `books.csv` describes.
"""
