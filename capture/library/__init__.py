"""Imports the library export that every user of Goodreads can download: My Books, Import and export, Export library.

The file is `goodreads_library_export.csv`, a row for each book on the reader's shelves. It lacks ids of authors and reviews and of the
reader; `capture.ids` makes them. Private notes are never read. docs/decisions/062 says what becomes of a row.

| dataset | from | fields that stay empty because the export lacks them |
|---|---|---|
| authors | Author, Additional Authors | role, URL, rating and counts |
| books | the columns about the book | image, edition, day and month of publication, count of ratings, description |
| reviews | My Rating, My Review, Spoiler, Read Count, and the dates | votes, comments, spoiler state, date of the last change, URL |
| users | the options of the command | location, images |
"""
