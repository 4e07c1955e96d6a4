select
$columns
from goodreads_warehouse.ledger
where run_id = :run_id
order by dataset
