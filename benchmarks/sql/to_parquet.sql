copy ($query) to $target (format parquet)
