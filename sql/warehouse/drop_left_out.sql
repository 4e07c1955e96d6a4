delete from goodreads_staging.$table
using goodreads_warehouse.left_out as left_out
where sha2('$kind/' || cast(goodreads_staging.$table.$column as varchar(20)), 256) = left_out.subject
