"""COPY: files of a bucket into a table."""
