-- A file that somebody has landed again by hand, and a run has published since, has not to be landed again.
delete from goodreads_warehouse.files_to_land
using goodreads_warehouse.ledger_files as published
where
    goodreads_warehouse.files_to_land.dataset = '$table'
    and goodreads_warehouse.files_to_land.file_key = published.file_key
    and goodreads_warehouse.files_to_land.etag = published.etag
