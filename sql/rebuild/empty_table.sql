delete from goodreads_warehouse.$table
