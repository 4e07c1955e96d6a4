select count(*) as row_count
from $schema.$table
where $column = cast(:id as bigint)
