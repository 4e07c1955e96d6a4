select
    run_id,
    dataset,
    rows_read,
    rows_inserted,
    rows_updated,
    rows_stale,
    rows_duplicate,
    rows_quarantined
from goodreads_warehouse.ledger
where run_id = :run_id
order by dataset
