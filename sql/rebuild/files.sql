-- The files whose rows make up a table: those in the ledger, and those that a rebuild has taken out and not landed again yet.
select
    run_id,
    file_key,
    etag,
    size_bytes,
    rows_read
from goodreads_warehouse.ledger_files
where dataset = '$table'
union all
select
    run_id,
    file_key,
    etag,
    size_bytes,
    rows_read
from goodreads_warehouse.files_to_land
where dataset = '$table'
order by
    run_id,
    file_key
