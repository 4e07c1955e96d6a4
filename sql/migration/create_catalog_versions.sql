-- One row for each catalog that a run has brought the tables to: `definition` lists its columns by table.
create table if not exists goodreads_warehouse.catalog_versions (
$columns
)
diststyle all
sortkey (version)
