"""Follows Goodreads' recent reviews and puts each new one, with its user, book and authors, into the spool."""
