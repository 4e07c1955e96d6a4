"""Where landing files go: a folder, the local endpoint, S3."""
