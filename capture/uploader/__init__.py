"""The uploader moves finished files from the spool to the landing zone."""
