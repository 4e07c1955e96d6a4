-- Those that name a row that is about to be deleted from $schema.$table name nothing any more.
update goodreads_warehouse.quality_results
set examples = ''
from (
    select $key as row_key
    from $schema.$table
    where $column = cast(:id as bigint)
) as forgotten
where
    quality_results.table_name = '$table'
    and strpos(
        ', ' || quality_results.examples || ',', ', ' || cast(forgotten.row_key as varchar(20)) || ','
    ) > 0
