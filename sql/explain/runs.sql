-- The lines of the ledger for a table, in the order in which they were published.
select
    run_id,
    cast(published_at as varchar(32)) as published_at
from goodreads_warehouse.ledger
where dataset = '$table'
order by
    fencing_token,
    published_at,
    run_id
