-- The landed files that a run has published already: it ended before it could delete them, or they were landed again.
select
    landed.file_key,
    landed.etag,
    max(published.run_id) as run_id
from goodreads_staging.landed as landed
inner join goodreads_warehouse.ledger_files as published
    on
        landed.file_key = published.file_key
        and landed.etag = published.etag
group by
    landed.file_key,
    landed.etag
