delete from goodreads_analytics.$table
