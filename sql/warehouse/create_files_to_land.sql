-- Files that a rebuild has taken out of the ledger and that have not been landed again yet.
-- Their copies are in the archive, below the folder of the run that published them.
create table if not exists goodreads_warehouse.files_to_land (
$columns
)
distkey (file_key)
