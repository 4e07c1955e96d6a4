"""The Spark job: landed CSV text to typed, de-duplicated Parquet."""
