-- The numbers of empty values have become results of `empty_share`.
delete from goodreads_warehouse.quality_results
where
    run_id = '$run'
    and stage = '$stage'
    and rule = 'empty_rows'
