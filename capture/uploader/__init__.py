"""Moves finished files from the spool to the landing zone."""
