-- The results of the quality rules name keys of violating rows as "1, 5, 7". Those that name the id itself name nothing any more.
update goodreads_warehouse.quality_results
set examples = ''
where
    table_name = '$table'
    and strpos(', ' || examples || ',', ', ' || cast(cast(:id as bigint) as varchar(20)) || ',') > 0
