"""Amazon S3 on one machine: a folder for each bucket, served by localbucket."""
