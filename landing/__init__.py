"""Stores for landing files: a local folder, or a bucket of S3 or of the local endpoint."""
