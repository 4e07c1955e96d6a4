delete from goodreads_staging.$table
