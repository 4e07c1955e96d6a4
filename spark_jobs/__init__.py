"""The Spark job: landed CSV text to typed, de-duplicated Parquet. No third-party import but pyspark."""
