-- Writes the files of the run into the ledger. A file that is there already was published by another run while this
-- one was reading it: the flag becomes null and the publish fails, so that no file is counted twice.
insert into goodreads_warehouse.ledger_files (
$columns,
    every_file_is_counted_once,
    published_at
)
select
$values,
    case
        when
            files.run_id = '$run'
            and published.file_key is null
            then true
    end as every_file_is_counted_once,
    getdate() as published_at
from goodreads_staging.files as files
left join (
    select distinct
        file_key,
        etag
    from goodreads_warehouse.ledger_files
) as published
    on
        files.file_key = published.file_key
        and files.etag = published.etag
where
    not exists (
        select 1
        from goodreads_warehouse.ledger_files as earlier
        where earlier.run_id = files.run_id
    )
