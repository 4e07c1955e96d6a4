-- What a row of the warehouse says in some of its columns.
select $columns
from goodreads_warehouse.$table
where $key = cast(:id as bigint)
