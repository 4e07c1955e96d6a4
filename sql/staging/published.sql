-- The landed files that a run has published already: it ended before it could delete them, or they were landed again.
-- `missing_rows` is how many rows fewer than the ledger lists the file's table holds: such a table was changed by hand.
select
    landed.file_key,
    landed.etag,
    max(published.run_id) as run_id,
    max(published.dataset) as dataset,
    max(coalesce(whole.row_count_expected - whole.row_count, 0)) as missing_rows
from goodreads_staging.landed as landed
inner join goodreads_warehouse.ledger_files as published
    on
        landed.file_key = published.file_key
        and landed.etag = published.etag
left join (
$tables
) as whole
    on published.dataset = whole.dataset
group by
    landed.file_key,
    landed.etag
