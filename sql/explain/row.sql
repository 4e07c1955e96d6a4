-- The version that the warehouse holds of a record, and the run that published the version.
select
    $published_by,
    cast(record_create_timestamp as varchar(32)) as captured,
    record_hash
from goodreads_warehouse.$table
where $key = cast(:id as bigint)
