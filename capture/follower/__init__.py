"""The follower reads the shelf feeds of Goodreads' readers and puts each new or changed review into the spool."""
