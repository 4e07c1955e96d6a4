delete from goodreads_warehouse.ledger_files
where dataset = '$table'
