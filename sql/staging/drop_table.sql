drop table if exists goodreads_staging.$table
