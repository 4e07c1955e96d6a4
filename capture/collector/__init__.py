"""The collector follows Goodreads' recent reviews and puts each new review, with its user, book and authors, into the spool."""
