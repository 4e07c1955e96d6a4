-- The lines of a run: one for each dataset, and one for each of its first files, whose rows are only read and quarantined.
select
$columns,
    cast(null as varchar(1024)) as file_key
from goodreads_warehouse.ledger
where run_id = :run_id
union all
select
$file_columns,
    numbered.file_key
from (
    select
        run_id,
        dataset,
        rows_read,
        rows_quarantined,
        file_key,
        row_number() over (
            order by file_key asc
        ) as file_number
    from goodreads_warehouse.ledger_files
    where
        run_id = :run_id
        and dataset is not null
) as numbered
where numbered.file_number <= $most_files
order by dataset, file_key
