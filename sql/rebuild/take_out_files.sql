insert into goodreads_warehouse.files_to_land (
$columns
)
select
$columns
from goodreads_warehouse.ledger_files
where dataset = '$table'
