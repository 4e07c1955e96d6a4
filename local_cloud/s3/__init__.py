"""Amazon S3 on one machine: a folder for each bucket, served by localbucket."""

from local_cloud.s3.server import S3Server, install

__all__ = ["S3Server", "install"]
