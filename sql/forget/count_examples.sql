-- The results of the quality rules that name the id itself.
select count(*) as row_count
from goodreads_warehouse.quality_results
where
    table_name = '$table'
    and strpos(', ' || examples || ',', ', ' || cast(cast(:id as bigint) as varchar(20)) || ',') > 0
