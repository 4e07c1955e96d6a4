select run_id
from goodreads_warehouse.ledger_files
where
    file_key = :file_key
    and etag = :etag
